#!/usr/bin/env node
/**
 * The `regionlink` command: parses, calls one function a command, and turns what it throws into one clear message and an exit code.
 * The rule: no stack traces for users' mistakes; REGIONLINK_DEBUG=1 shows them.
 */
import { createRequire } from 'node:module';
import { Command, CommanderError, Option } from 'commander';
import { messageOf } from '../client/index.js';
import { withdrawSecrets } from '../secrets/environment.js';
import { SCOPES } from '../server/tokens.js';
import { PHASES } from '../workflows/protocol.js';
import { apply } from './commands/apply.js';
import { destroy } from './commands/destroy.js';
import { doctor } from './commands/doctor.js';
import { history } from './commands/history.js';
import { limitOption, list } from './commands/list.js';
import { peerConfig } from './commands/peer-config.js';
import { plan } from './commands/plan.js';
import { rateOption, serve, token } from './commands/serve.js';
import { regionsOption, simulator } from './commands/simulator.js';
import { cancel, status } from './commands/status.js';
import { sweep } from './commands/sweep.js';
import { graph, validate } from './commands/validate.js';
import { worker } from './commands/worker.js';
import { errorReport, exitCodeOf } from './exit-codes.js';
import { ASKS_TEMPORAL, helpText, ROOT_HELP } from './help.js';
import { portOption } from './port.js';

const JSON_OPTION = ['--json', 'machine-readable output on standard output, errors included'] as const;
const SPEC_OPTION = ['-f, --file <file>', 'spec, YAML or JSON; - is standard input'] as const;

// The package's own file, two folders above this one in the sources as well as in the build.
const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };

function program(): Command {
  const root = new Command('regionlink')
    .description('Site-to-site IPsec VPNs between OpenStack regions: proven by a ping, or rolled back.')
    .version(version, '-V, --version', 'print the version')
    .showHelpAfterError('(see regionlink --help)')
    .showSuggestionAfterError()
    .addHelpText('after', ROOT_HELP)
    .exitOverride();
  const command = (usage: string, description: string) =>
    root
      .command(usage)
      .description(description)
      .option(...JSON_OPTION);
  command('plan', 'tell what apply would do with a spec, in all regions, and whether it can; change nothing')
    .requiredOption(...SPEC_OPTION)
    .addHelpText(
      'after',
      helpText({
        note: `A worker compares each step with what stands:
  create    there is none: it is made
  adopt     it stands and is as the spec says: it is used
  share     someone else's VPN service of that router is used as it is
  change    it stands, and what differs is changed in it
  replace   an endpoint group of other subnets: another takes its place, and it goes at the end
  remove    a further subnet that the spec has no more: it goes at the end
  conflict  it stands, and what differs cannot be changed
It ends as terraform plan -detailed-exitcode does, so wrong usage and an invalid spec are 1. Test VMs, which go away again, are nothing to do.`,
        endings: ['failed', 'changes', 'noServer', 'interrupted'],
        variables: ASKS_TEMPORAL.variables,
        example: 'regionlink plan -f examples/tutorial.yaml',
      }),
    )
    .action(plan);
  command('apply', 'show the plan of a spec, ask, then provision or converge its VPN and follow the run')
    .requiredOption(...SPEC_OPTION)
    .option('-y, --yes', 'do not ask; needed where nobody can be asked and something is to do')
    .option('-d, --detach', 'start it and return at once; with --yes without a plan')
    .addHelpText(
      'after',
      helpText({
        note: 'Applying the same spec again joins the run that is open, else converges and repairs; it does not ask where nothing is to change.\nA plan that cannot be carried out is not begun. Ctrl-C ends the watching and not the run.',
        endings: ['failed', ...ASKS_TEMPORAL.endings, 'busy', 'cancelled', 'interrupted'],
        variables: ASKS_TEMPORAL.variables,
        example: 'regionlink apply -f examples/tutorial.yaml',
      }),
    )
    .action(apply);
  command('destroy <name>', 'remove everything of a VPN, found by its marks in every configured region')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      helpText({
        note: 'Ctrl-C ends the watching and not the removal.',
        endings: ['failed', ...ASKS_TEMPORAL.endings, 'busy', 'cancelled', 'interrupted'],
        variables: ASKS_TEMPORAL.variables,
        example: 'regionlink destroy left-right --yes',
      }),
    )
    .action(destroy);
  command('sweep', 'list what no VPN has a use for, in every configured region, and remove it after a question per VPN')
    .option('-y, --yes', 'do not ask: remove all that is listed')
    .addHelpText(
      'after',
      helpText({
        note: `Listed are:
  double          another resource of the same step is the one in use
  check           a test VM, its port, floating IP or security group, of a run that ended
  incomplete      a resource of a set that is no working VPN
  unused service  a VPN service of ours that no connection uses
Never a whole VPN, one with an open run, or anything without our mark. Where nobody can be asked it only lists, unless --yes is said.`,
        endings: ['failed', ...ASKS_TEMPORAL.endings, 'busy', 'cancelled', 'strays', 'interrupted'],
        variables: ASKS_TEMPORAL.variables,
        example: 'regionlink sweep',
      }),
    )
    .action(sweep);
  command('cancel <name>', 'cancel the run of a VPN: what it made is rolled back')
    .addHelpText(
      'after',
      helpText({
        note: 'Returns at once; the rollback goes on by itself. A removal that has begun is finished all the same.',
        endings: ['failed', ...ASKS_TEMPORAL.endings, 'notFound'],
        variables: ASKS_TEMPORAL.variables,
        example: 'regionlink cancel left-right',
      }),
    )
    .action(cancel);
  command('status <name>', 'how the newest run of a VPN stands; ends as that run did')
    .option('-w, --watch', 'follow it to its end')
    .addHelpText(
      'after',
      helpText({
        endings: ['failed', ...ASKS_TEMPORAL.endings, 'cancelled', 'notFound', 'interrupted'],
        variables: ASKS_TEMPORAL.variables,
        example: 'regionlink status left-right --watch',
      }),
    )
    .action(status);
  command('peer-config <name>', 'tell what an external site has to be set to for its end of the tunnel')
    .addOption(new Option('--format <format>', 'how it is told').choices(['text', 'swanctl']).default('text'))
    .option('--psk-file <file>', 'write the generated PSK to a new file of mode 0600')
    .addHelpText(
      'after',
      helpText({
        note: `A worker looks at our end as it stands, so it can be asked while apply waits for the tunnel. The PSK is told nowhere but in the file: alone, or with
--format swanctl as the section that the configuration includes. It derives from the master key, which has to be the workers' own.`,
        endings: ['failed', ...ASKS_TEMPORAL.endings, 'notFound', 'interrupted'],
        variables: [...ASKS_TEMPORAL.variables, 'REGIONLINK_MASTER_KEY_FILE'],
        example: 'regionlink peer-config to-office --format swanctl --psk-file to-office.secrets > to-office.conf',
      }),
    )
    .action(peerConfig);
  command('list', 'runs that Temporal remembers, open and closed, newest first')
    .addOption(new Option('--open', 'those that run').conflicts(['closed', 'failed']))
    .addOption(new Option('--closed', 'those that have ended').conflicts(['failed']))
    .option('--failed', 'those that failed, were terminated or timed out')
    .option('--name <name>', 'those of one VPN')
    .addOption(new Option('--phase <phase>', 'those that are in a phase, or have ended in it').choices(PHASES))
    .option('--region <region>', 'those with a site in a region')
    .option('--limit <number>', 'at most so many', limitOption)
    .addHelpText(
      'after',
      helpText({
        ...ASKS_TEMPORAL,
        note: 'Temporal forgets a run when the retention of its namespace has passed since its end; regionlink history NAME --export keeps what must outlive it.',
        endings: ['failed', ...ASKS_TEMPORAL.endings],
        example: 'regionlink list --failed --region dbl --limit 20',
      }),
    )
    .action(list);
  command(
    'history <name>',
    'the audit of a VPN: who asked for what, each step with its tries, what became of each resource',
  )
    .addOption(new Option('--run <id>', "a run by Temporal's id; without it the newest").conflicts('all'))
    .option('--all', 'every run that Temporal remembers, oldest first')
    .addOption(new Option('--markdown', 'as Markdown').conflicts('json'))
    .option('--export <file>', 'write it as JSON to a new file of mode 0600 as well')
    .addHelpText(
      'after',
      helpText({
        note: "Read from Temporal's own event history, which needs no worker and holds no secret. With --json a list, of one run where one is asked for.",
        endings: ['failed', ...ASKS_TEMPORAL.endings, 'notFound'],
        variables: ASKS_TEMPORAL.variables,
        example: 'regionlink history left-right --all --export left-right.json',
      }),
    )
    .action(history);
  command('validate', 'check a spec: all problems at once, no server needed')
    .requiredOption(...SPEC_OPTION)
    .addHelpText('after', helpText({ endings: ['usage'], example: 'regionlink validate -f examples/tutorial.yaml' }))
    .action(validate);
  command('graph', "draw a spec's steps as Mermaid")
    .requiredOption(...SPEC_OPTION)
    .addHelpText(
      'after',
      helpText({ endings: ['usage'], example: 'regionlink graph -f examples/tutorial.yaml > graph.mmd' }),
    )
    .action(graph);
  command('doctor', 'tell whether all is there that VPNs take: Temporal, a worker, and what each cloud and region can')
    .addHelpText(
      'after',
      helpText({
        note: 'A worker looks, since the credentials are there. It ends with 1 where there is a problem; what only a write or an administrator could tell is not known, and said to be so.',
        endings: ['failed', ...ASKS_TEMPORAL.endings, 'interrupted'],
        variables: ASKS_TEMPORAL.variables,
        example: 'regionlink doctor',
      }),
    )
    .action(doctor);
  command('worker', 'run workflows and activities until SIGTERM or Ctrl-C')
    .option('--check', 'start none; tell whether one of this host takes tasks (0) or not (1), for health checks')
    .addHelpText(
      'after',
      helpText({
        note: 'Checks its configuration, Temporal and every cloud first, and lists all problems. On SIGTERM or Ctrl-C it lets running calls end.\nIts log goes to standard error; docs/operations.md tells its fields, the metrics, and how a new build takes over.\nWith --json it prints a line when it is ready and one when it has stopped.',
        endings: ['failed', ...ASKS_TEMPORAL.endings],
        variables: [
          'REGIONLINK_OWNER',
          'REGIONLINK_MASTER_KEY_FILE',
          'OS_CLIENT_CONFIG_FILE',
          ...ASKS_TEMPORAL.variables,
          'REGIONLINK_HTTP_TIMEOUT',
          'REGIONLINK_SSH_PROXY',
          'REGIONLINK_STEPS',
          'REGIONLINK_API_REQUESTS',
          'REGIONLINK_LOG',
          'REGIONLINK_LOG_LEVEL',
          'REGIONLINK_METRICS',
          'REGIONLINK_BUILD_ID',
          'REGIONLINK_DEPLOYMENT',
        ],
        example: 'REGIONLINK_OWNER=my-team REGIONLINK_MASTER_KEY_FILE=master-key regionlink worker',
      }),
    )
    .action(worker);
  command('serve', 'the HTTP API, for callers without a Temporal SDK, until SIGTERM or Ctrl-C')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('-p, --port <port>', 'port, 0 for any free one', portOption, 8745)
    .option('-t, --tokens <file>', 'file with the hashes of the tokens: see regionlink token')
    .option('--rate <number>', 'requests a minute, for each token', rateOption, 300)
    .addHelpText(
      'after',
      helpText({
        note: `Its own description is at /openapi.json, whether it runs at /healthz, whether Temporal and a worker are there at /readyz. It is plain HTTP: on any other
address than loopback, put a proxy with TLS before it. A line of the log a request, on standard error. On SIGTERM or Ctrl-C it ends event streams,
answers what was asked, and stops; a second one ends it at once. No run ends with it.`,
        endings: ['failed', ...ASKS_TEMPORAL.endings],
        variables: ['REGIONLINK_TOKENS_FILE', ...ASKS_TEMPORAL.variables],
        example: 'regionlink serve --tokens tokens',
      }),
    )
    .action(serve);
  command('token <name>', 'make a token for the HTTP API and show it, this once')
    .addOption(
      new Option('--scope <scope>', 'what it is good for; write includes read').choices([...SCOPES]).default('read'),
    )
    .option('-t, --tokens <file>', 'file that its hash is added to, made where it is missing')
    .option('--remove', 'take the token out of the file instead: it is refused at once')
    .addHelpText(
      'after',
      helpText({
        note: 'The name is what the audit says of runs that were asked for with it. The file has a name, a scope and a hash a line; a server that runs reads it again when it has changed.',
        endings: ['failed', 'usage'],
        variables: ['REGIONLINK_TOKENS_FILE'],
        example: 'regionlink token ci --scope write --tokens tokens > ci-token',
      }),
    )
    .action(token);
  command('simulator', 'two OpenStack regions on loopback, to try things on, until SIGTERM or Ctrl-C')
    .option('-p, --port <port>', 'port, 0 for any free one', portOption, 35357)
    .option('-r, --regions <names>', 'names of the regions, with commas between', regionsOption, ['dbl', 'cbk'])
    .option('--fast', 'statuses change within milliseconds')
    .addHelpText(
      'after',
      helpText({ endings: ['failed', 'usage'], example: 'regionlink simulator --port 35357 --regions dbl,cbk' }),
    )
    .action(simulator);
  command('demo', 'all of it on this machine: server, two regions, worker, the tutorial')
    .option('-k, --keep', 'stay up when it stands, until a key or Ctrl-C')
    .addHelpText(
      'after',
      helpText({
        note: 'On a terminal a key within 10 s keeps it up, until another key or Ctrl-C; without one, and elsewhere, it is destroyed at once.\nCtrl-C while it is built cancels and rolls back; a second one ends at once.',
        endings: ['failed', 'usage', 'interrupted'],
        variables: ['REGIONLINK_TEMPORAL_CLI'],
        example: 'regionlink demo --keep',
      }),
    )
    // Only here: the native worker takes a second to load.
    .action(async (options) => (await import('./commands/demo.js')).demo(options));
  return root;
}

async function main(): Promise<void> {
  withdrawSecrets();
  const json = process.argv.includes('--json');
  const [, , command] = process.argv;
  try {
    await program().parseAsync();
  } catch (error) {
    const failed = error as Error;
    process.exitCode = exitCodeOf(failed, command);
    if (process.exitCode === 0) return;
    // Commander has told its own already.
    if (!(failed instanceof CommanderError)) console.error(`\n${messageOf(failed)}`);
    if (process.env.REGIONLINK_DEBUG) console.error(failed.stack);
    if (json) console.log(JSON.stringify(errorReport(failed, command)));
  }
}

// A reader that closes early, such as head, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});

await main();
