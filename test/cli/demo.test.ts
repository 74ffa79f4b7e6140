/** The demo as it is met: on a terminal, with keys, signals and impatience. Whatever ends it, no server and no folder stays. */
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMAND, noPty, Terminal } from '../support/terminal.js';

class Demo extends Terminal {
  private readonly folder: string;

  constructor(...args: string[]) {
    const folder = mkdtempSync(join(tmpdir(), 'demo-test-'));
    // Room for a whole line: an address that the terminal has wrapped cannot be read off it.
    super([...COMMAND, 'demo', ...args], { rows: 50, columns: 120, env: { TMPDIR: folder } });
    this.folder = folder;
  }

  /** Its exit code, once it has ended and has been found to leave nothing. */
  async end(): Promise<number> {
    const code = await this.exitCode;
    expect(readdirSync(this.folder).filter((name) => name.startsWith('regionlink'))).toEqual([]);
    const [, ui] = /(http:\/\/127\.0\.0\.1:\d+)\/namespaces/.exec(this.sent) ?? [];
    if (ui !== undefined) await expect(fetch(ui)).rejects.toThrow('fetch failed');
    return code;
  }
}

const UNDER_WAY = /✔.* VPN service vpn/;
const AS_BEFORE = 'both regions are as they were';

describe.skipIf(noPty !== undefined)('the demo', () => {
  test('left alone counts down, destroys and exits 0', async () => {
    const demo = new Demo();
    await demo.shows(/press a key within 10 s to keep it up/);
    await demo.shows(/press a key within 8 s/);
    expect(await demo.end()).toBe(0);
    expect(demo.screen.text).toContain(AS_BEFORE);
    expect(demo.screen.text.match(/left-right · destroy/g)).toHaveLength(1);
  });

  test('a key keeps it up, another one destroys; what was typed before is no answer', async () => {
    const demo = new Demo();
    await demo.shows(UNDER_WAY);
    demo.type('early');
    await demo.shows(/within 9 s/);
    demo.type('k');
    await demo.shows(/stays up until a key/);
    await new Promise((resolve) => setTimeout(resolve, 500));
    demo.type('q');
    expect(await demo.end()).toBe(0);
    expect(demo.screen.text).toContain(AS_BEFORE);
  });

  test('with --keep, Ctrl-C is the way out: destroys and exits 0', async () => {
    const demo = new Demo('--keep');
    await demo.shows(/stays up until a key/);
    demo.ctrlC();
    expect(await demo.end()).toBe(0);
    expect(demo.screen.text).toContain(AS_BEFORE);
  });

  test('Ctrl-C in the first second ends it', async () => {
    const demo = new Demo();
    await demo.shows(/starting a Temporal dev server/);
    demo.ctrlC();
    expect(await demo.end()).toBe(130);
    expect(demo.screen.text).toContain('interrupted before anything was built');
  });

  test('Ctrl-C while it is built cancels, and the rollback is shown to its end', async () => {
    const demo = new Demo();
    await demo.shows(UNDER_WAY);
    demo.ctrlC();
    await demo.shows(/cancelling, rolling back …/);
    await demo.shows(/∅.*left-network/);
    expect(await demo.end()).toBe(130);
    expect(demo.screen.text).toContain(AS_BEFORE);
    expect(demo.screen.text).toContain('cancelled and rolled back');
  });

  test('a second Ctrl-C ends it at once', async () => {
    const demo = new Demo();
    await demo.shows(UNDER_WAY);
    demo.ctrlC();
    await demo.shows(/cancelling, rolling back …/);
    await new Promise((resolve) => setTimeout(resolve, 500));
    demo.ctrlC();
    expect(await demo.end()).toBe(130);
    expect(demo.screen.text).not.toContain(AS_BEFORE);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends it at once, and its server with it', async (signal, code) => {
    const demo = new Demo();
    await demo.shows(UNDER_WAY);
    demo.signal(signal);
    expect(await demo.end()).toBe(code);
  });
});
