/** Programs that tests are held to and that nobody here wrote, in Python: installed once a machine, in the user's cache. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface PythonPackages {
  /** Of the virtual environment. */
  readonly bin: string;
  /** Why they cannot be had here; undefined when they can. */
  readonly missing?: string;
}

/** `proof`: a file of the virtual environment that is there once it is complete. Says why on the console where a test must be skipped. */
function pythonPackages(name: string, proof: string, packages: readonly string[]): PythonPackages {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'regionlink', name);
  const bin = join(folder, 'bin');
  if (existsSync(join(folder, proof))) return { bin };
  try {
    const install = ['test/support/python-packages.py', folder, join(folder, proof), ...packages];
    execFileSync('python3', install, { stdio: 'pipe', timeout: 400_000 });
    return { bin };
  } catch (error) {
    const missing = `${name} cannot be installed: ${(error as Error).message.split('\n')[0]}`;
    console.warn(`skipped: ${missing}`);
    return { bin, missing };
  }
}

/** The `openstack` command, and openstacksdk beneath it. */
export function openstackClient(): PythonPackages {
  return pythonPackages('openstack-client', join('bin', 'openstack'), [
    'python-openstackclient',
    'python-neutronclient',
  ]);
}

/** `check-jsonschema`, which has the schema of compose files in it. */
export function checkJsonschema(): PythonPackages {
  return pythonPackages('check-jsonschema-0.39.0', join('bin', 'check-jsonschema'), ['check-jsonschema==0.39.0']);
}

/** The API tests of OpenStack's networks and of Neutron's VPNaaS. */
export function tempest(): PythonPackages {
  return pythonPackages('tempest', 'installed', ['tempest==47.0.0', 'neutron-tempest-plugin==3.3.0', 'setuptools']);
}

/** Makes requests out of an OpenAPI document, good and bad ones. */
export function schemathesis(): PythonPackages {
  return pythonPackages('schemathesis', 'installed', ['schemathesis==4.32.5']);
}

/** Temporal's SDK. */
export function temporalSdk(): PythonPackages {
  return pythonPackages('temporalio', 'installed', ['temporalio==1.35.0']);
}
