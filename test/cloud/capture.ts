/** What passes on the wire between the left region's routers and their peers, as tcpdump words it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export class Capture {
  private constructor(
    private readonly child: ChildProcess,
    private readonly output: string[],
  ) {}

  /** Starts listening; resolves when it does. */
  static async start(): Promise<Capture> {
    const output: string[] = [];
    const child = spawn('bash', ['lab/on.sh', 'wan', 'tcpdump', '-lni', 'w-left', 'ip'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (data: Buffer) => output.push(data.toString()));
    for await (const text of child.stderr) if (String(text).includes('listening on')) break;
    return new Capture(child, output);
  }

  /** Ends it. @returns a line a packet */
  async stop(): Promise<readonly string[]> {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGINT');
    await gone;
    return this.output
      .join('')
      .split('\n')
      .filter((line) => line !== '');
  }
}
