/** What stays on a terminal when other things are written meanwhile, or it changes its size. */
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { LiveView } from '../../src/cli/live-view.js';
import { Screen } from '../support/screen.js';

class FakeTerminal extends EventEmitter {
  readonly isTTY = true;
  readonly screen: Screen;
  constructor(
    public rows: number,
    public columns: number,
  ) {
    super();
    this.screen = new Screen(rows, columns);
  }
  write(text: string): boolean {
    this.screen.write(text.replaceAll('\n', '\r\n'));
    return true;
  }
  resize(rows: number, columns: number): void {
    [this.rows, this.columns] = [rows, columns];
    this.screen.resize(rows, columns);
    this.emit('resize');
  }
}

function setUp(lines: () => readonly string[], rows = 10, columns = 40) {
  const terminal = new FakeTerminal(rows, columns);
  terminal.write('$ before\n');
  // Standard error shares the screen, and is a stream of its own.
  const beside = { isTTY: true, write: (text: string) => terminal.write(text) } as unknown as NodeJS.WriteStream;
  return { terminal, beside, block: new LiveView(terminal, lines, beside) };
}

test('what is written to standard error meanwhile stands above, and nothing of the block is left there', () => {
  let count = 0;
  const { terminal, beside, block } = setUp(() => [`head ${count}`, 'step one', 'step two']);
  for (count = 1; count <= 30; count++) {
    block.draw();
    if (count % 10 === 0) beside.write(`warning ${count}\nof two lines\n`);
  }
  block.draw();
  block.close();
  expect(terminal.screen.text).toBe(
    '$ before\nwarning 10\nof two lines\nwarning 20\nof two lines\nwarning 30\nof two lines\nhead 31\nstep one\nstep two\n',
  );
});

test("Node's own warnings do not tear it", async () => {
  const { terminal, block } = setUp(() => ['head', 'step']);
  block.draw();
  const told = new Promise((resolve) => process.once('warning', resolve));
  process.emitWarning('something is odd');
  await told;
  // Node's own listener writes past all streams; here it has not yet been drawn again.
  expect(terminal.screen.text).toBe('$ before\n');
  block.draw();
  block.close();
  expect(terminal.screen.text).toBe('$ before\nhead\nstep\n');
});

test('a narrower, a lower and a wider terminal: drawn anew, nothing left', () => {
  const { terminal, block } = setUp(() => ['head of a line that is long', 'step one of a line that is long', 'end']);
  block.draw();
  terminal.resize(10, 14);
  expect(terminal.screen.text).toBe('$ before\nhead of a ling\nstep one of ag\nend\n');
  terminal.resize(8, 60);
  block.draw();
  block.close();
  expect(terminal.screen.text).toBe('$ before\nhead of a line that is long\nstep one of a line that is long\nend\n');
});

test('a line wider than the terminal takes one row', () => {
  const { terminal, block } = setUp(() => ['x'.repeat(50), 'end']);
  block.draw();
  block.draw();
  block.close();
  expect(terminal.screen.text.split('\n')).toHaveLength(4);
});
