/**
 * Which cloud, with which credentials: clouds.yaml, secure.yaml, clouds-public.yaml and OS_* as openstacksdk reads them, resolved to one shape. The same files
 * are given to openstacksdk itself in `test/openstack/as-openstacksdk.test.ts`; `docs/clouds.md` tells what is read.
 * The rule: every problem of an entry is told at once, by file and key, and no value of a secret is ever in a message.
 */
import { homedir } from 'node:os';
import { type Env, environment } from '../secrets/environment.js';
import { hasEffect } from './cloud-keys.js';
import { type DescribedCloud, type DescribedClouds, describeClouds, keysOf } from './cloud-layers.js';
import { type ListedRegion, regionsIn, settingsOf } from './cloud-settings.js';
import { type Entry, merge } from './config-file.js';
import { CloudConfigError } from './errors.js';
import { type Place, type ResolvedCloud, refusedIn, resolveCloud, toldSettings } from './resolve-cloud.js';

export interface CloudConfig extends ResolvedCloud {
  /** Its entry in clouds.yaml, or `envvars`. */
  readonly name: string;
  /** Where it was found, for people. */
  readonly source: string;
  /** The one region that it is for; undefined where one login serves several. */
  readonly region?: string;
}

/** What is known of a cloud without asking it, and where from. No secret is in it. */
export interface CloudReport {
  readonly name: string;
  /** Whether it is meant where a spec names none. */
  readonly chosen: boolean;
  /** Where it was found, the later over the earlier, and the keys that each place gives. */
  readonly places: readonly { readonly where: string; readonly keys: readonly string[] }[];
  /** Keys that have no effect here: other services', Python's own, or mistyped. */
  readonly unused: readonly string[];
  /** One for each region that it lists, or one without. */
  readonly regions: readonly CloudRegionReport[];
}

export interface CloudRegionReport {
  readonly region?: string;
  /** Under today's names; a secret is `[secret]`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

export interface CloudsReport {
  readonly files: readonly { readonly kind: string; readonly path?: string; readonly searched: readonly string[] }[];
  /** What is there and has no effect. */
  readonly remarks: readonly string[];
  readonly clouds: readonly CloudReport[];
}

/** The clouds that a worker with this environment and working directory knows. Read once; a changed file needs a new worker. */
export class Clouds {
  private readonly resolved = new Map<string, CloudConfig>();

  private constructor(
    private readonly described: DescribedClouds,
    private readonly place: Place,
  ) {}

  /** Throws CloudConfigError for a file that does not describe clouds. */
  static load(env: Env = environment(), cwd = process.cwd()): Clouds {
    return new Clouds(describeClouds(env, cwd), { home: env.HOME || homedir(), cwd });
  }

  get names(): readonly string[] {
    return [...this.described.clouds.keys()];
  }

  /**
   * Regions that a cloud is limited to; empty where its catalog tells. OS_REGION_NAME is no limit: it says where a shell works, and a spec names its regions
   * itself.
   */
  regionsOf(name: string): readonly string[] {
    const cloud = this.described.clouds.get(name);
    return cloud === undefined || cloud.fromVariables ? [] : regionsIn(cloud.entry).map((region) => region.name);
  }

  /**
   * The cloud of that name, or the default, for a region, or for the first that it lists. Throws CloudConfigError with all that is wrong with it, and for a
   * region that it does not list.
   */
  get(name: string | undefined, region?: string): CloudConfig {
    const chosen = name ?? this.described.chosen;
    if (chosen === undefined) {
      const known = this.names.length === 0 ? 'none is configured' : `there are ${this.names.join(', ')}`;
      throw new CloudConfigError(
        `no cloud is chosen and ${known}: name one by "cloud" in the spec or by OS_CLOUD, in clouds.yaml or by OS_* variables`,
      );
    }
    const key = JSON.stringify([chosen, region]);
    const config = this.resolved.get(key) ?? this.resolve(chosen, region);
    this.resolved.set(key, config);
    return config;
  }

  /** What was found where, for people: files, clouds, and what each makes for each region. Reads certificates, asks no cloud and tells no secret. */
  report(): CloudsReport {
    return {
      files: this.described.files.map(({ content, ...file }) => file),
      remarks: this.described.remarks,
      clouds: [...this.described.clouds].map(([name, cloud]) => this.reportOf(name, cloud)),
    };
  }

  private reportOf(name: string, cloud: DescribedCloud): CloudReport {
    const listed = regionsIn(cloud.entry);
    return {
      name,
      chosen: name === this.described.chosen,
      places: cloud.layers.map(({ where, entry }) => ({ where, keys: keysOf(entry) })),
      unused: unusedKeys(cloud.entry),
      regions: (listed.length === 0 ? [undefined] : listed).map((region) => {
        const { problems } = this.attempt(cloud, region);
        return {
          ...(region === undefined ? {} : { region: region.name }),
          settings: toldSettings(settingsOf(cloud.entry, region)),
          problems,
        };
      }),
    };
  }

  private resolve(name: string, wanted: string | undefined): CloudConfig {
    const cloud = this.described.clouds.get(name);
    if (cloud === undefined) {
      throw new CloudConfigError(
        `cloud "${name}" is not configured; known: ${this.names.join(', ') || 'none'}. Add it to clouds.yaml`,
      );
    }
    const source = cloud.layers.map((layer) => layer.where).join(' and ');
    const region = regionIn(cloud, wanted, `cloud "${name}" of ${source}`);
    const { config, problems } = this.attempt(cloud, region);
    if (config === undefined) {
      const list = [...problems, ...mistyped(cloud.entry, problems)].map((problem) => `  - ${problem}`).join('\n');
      throw new CloudConfigError(`cloud "${name}" of ${source} cannot be used:\n${list}`);
    }
    return {
      name,
      source,
      ...(region !== undefined && isForOneRegion(cloud) ? { region: region.name } : {}),
      ...config,
    };
  }

  private attempt(
    cloud: DescribedCloud,
    region: ListedRegion | undefined,
  ): { readonly config: ResolvedCloud | undefined; readonly problems: readonly string[] } {
    const problems: string[] = [];
    regionsIn(cloud.entry, problems);
    if (cloud.missingProfile !== undefined) {
      problems.push(
        `profile "${cloud.missingProfile}" is in no clouds-public.yaml: write its auth_url and regions there under public-clouds, since the profiles built into openstacksdk and those behind an address are not known here`,
      );
    }
    problems.push(...refusedIn(merge(cloud.entry, region?.values ?? {})));
    return { config: resolveCloud(settingsOf(cloud.entry, region), problems, this.place), problems };
  }
}

function unusedKeys(entry: Entry): readonly string[] {
  return keysOf(entry).filter((key) => !hasEffect(key.replace(/^auth\./, '')));
}

/** What is missing may be there under a mistyped name. */
function mistyped(entry: Entry, problems: readonly string[]): readonly string[] {
  const unused = problems.some((problem) => problem.includes('missing')) ? unusedKeys(entry) : [];
  return unused.length === 0 ? [] : [`of no effect, so perhaps mistyped: ${unused.join(', ')}`];
}

/** The listed region of that name, or the first. */
function regionIn(
  { entry, fromVariables }: DescribedCloud,
  wanted: string | undefined,
  which: string,
): ListedRegion | undefined {
  const listed = regionsIn(entry);
  if (wanted === undefined) return listed[0];
  const found = listed.find((region) => region.name === wanted);
  if (found !== undefined) return found;
  if (!fromVariables && listed.length > 0) {
    const names = listed.map((region) => region.name).join(', ');
    throw new CloudConfigError(`${which} lists no region "${wanted}", only ${names}: add it to regions there`);
  }
  return { name: wanted, values: {} };
}

/** Whether a login of it cannot serve another region. */
function isForOneRegion({ entry, fromVariables }: DescribedCloud): boolean {
  const listed = regionsIn(entry);
  const differ = listed.some((region) => Object.keys(region.values).length > 0);
  return differ || /\{\w+\}/.test(JSON.stringify(entry)) || (listed.length === 1 && !fromVariables);
}
