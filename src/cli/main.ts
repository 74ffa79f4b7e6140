#!/usr/bin/env node
/**
 * The `regionlink` command: parses, calls one function a command, and turns what it throws into one clear message and an exit code.
 * The rule: no stack traces for users' mistakes; REGIONLINK_DEBUG=1 shows them.
 */
import { Command, CommanderError } from 'commander';
import { WorkerConfigError } from '../worker-config.js';
import { apply } from './commands/apply.js';
import { demo } from './commands/demo.js';
import { destroy } from './commands/destroy.js';
import { simulator } from './commands/simulator.js';
import { cancel, list, status } from './commands/status.js';
import { sweep } from './commands/sweep.js';
import { graph, validate } from './commands/validate.js';
import { EXIT, EXIT_CODE_HELP, exitCodeOf } from './exit-codes.js';

function program(): Command {
  const root = new Command('regionlink')
    .description('Site-to-site IPsec VPNs between OpenStack regions: proven by a ping, or rolled back.')
    .showHelpAfterError('(see regionlink --help)')
    .showSuggestionAfterError()
    .addHelpText('after', EXIT_CODE_HELP)
    .exitOverride();
  const command = (usage: string, description: string) =>
    root.command(usage).description(description).option('--json', 'machine-readable output on standard output');
  command('apply', 'provision the VPN of a spec, or converge one that stands, and follow the run')
    .requiredOption('-f, --file <file>', 'spec, YAML or JSON')
    .option('-d, --detach', 'start it and return at once')
    .addHelpText(
      'after',
      '\nCtrl-C ends the watching and not the run.\n\nExample:\n  regionlink apply -f examples/tutorial.yaml',
    )
    .action(apply);
  command('destroy <name>', 'remove everything of a VPN, found by its marks in every configured region')
    .option('-y, --yes', 'do not ask')
    .action(destroy);
  command('sweep', 'list what no VPN has a use for, in every configured region, and remove it after a question per VPN')
    .option('-y, --yes', 'do not ask: remove all that is listed')
    .addHelpText(
      'after',
      `\nListed are:
  double          another resource of the same step is the one in use
  check           a test VM, its port or security group, of a run that ended
  incomplete      a resource of a set that is no working VPN
  unused service  a VPN service of ours that no connection uses
Never a whole VPN, one with an open run, or anything without our mark.
Where nobody can be asked it only lists, unless --yes is said.`,
    )
    .action(sweep);
  command('cancel <name>', 'cancel the run of a VPN: what it made is rolled back').action(cancel);
  command('status <name>', 'how the newest run of a VPN stands')
    .option('-w, --watch', 'follow it to its end')
    .action(status);
  command('list', 'all runs that Temporal remembers').action(list);
  command('validate', 'check a spec: all problems at once, no server needed')
    .requiredOption('-f, --file <file>', 'spec, YAML or JSON')
    .action(validate);
  command('graph', "draw a spec's steps as Mermaid")
    .requiredOption('-f, --file <file>', 'spec, YAML or JSON')
    .action(graph);
  root
    .command('worker')
    .description('run workflows and activities until SIGTERM')
    .addHelpText(
      'after',
      '\nNeeds REGIONLINK_OWNER, REGIONLINK_MASTER_KEY_FILE, clouds.yaml or OS_*, and Temporal by TEMPORAL_ADDRESS or a profile.',
    )
    .action(async () => (await import('../worker.js')).runWorker());
  command('simulator', 'two OpenStack regions on loopback, to try things on')
    .option('-p, --port <port>', 'port', '35357')
    .option('-r, --regions <names>', 'names of the regions', 'dbl,cbk')
    .option('--fast', 'statuses change within milliseconds')
    .action(simulator);
  command('demo', 'all of it on this machine: server, two regions, worker, the tutorial')
    .option('-k, --keep', 'stay up when it stands')
    .action(demo);
  return root;
}

async function main(): Promise<void> {
  try {
    await program().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok.code : EXIT.usage.code;
    else {
      const failed = error as Error;
      console.error(`\n${failed.message}`);
      if (process.env.REGIONLINK_DEBUG) console.error(failed.stack);
      process.exitCode = failed instanceof WorkerConfigError ? EXIT.usage.code : exitCodeOf(failed);
    }
  }
}

// A reader that closes early, such as head, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});

await main();
