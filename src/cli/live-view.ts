/**
 * A block of lines at the end of the terminal, drawn over its old self.
 * The rule: no line of an old drawing is ever left behind, whatever else writes to the terminal meanwhile and however it is resized. So what others write on
 * standard error goes above the block, and a resize is answered with a count of the rows that the old lines take now.
 */

export interface Terminal {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): boolean;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** Lines cut at the edge instead of wrapped, whatever width the terminal gives to a character: then a line is a row. */
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';
const CLEAR_BELOW = '\u001b[J';

export class LiveView {
  /** How many columns each line took when it was drawn. */
  private drawn: readonly number[] = [];
  /** Stops watching for what others write. */
  private readonly release: () => void;

  /** `lines` is asked for the whole block at every drawing: the terminal's size and the time may have changed. */
  constructor(
    private readonly terminal: Terminal,
    private readonly lines: () => readonly string[],
    beside: NodeJS.WriteStream = process.stderr,
  ) {
    const redraw = () => this.draw();
    const erase = () => this.erase();
    terminal.on('resize', redraw);
    // Node writes its warnings past the stream, after the listeners that came first.
    process.prependListener('warning', erase);
    const { write } = beside;
    const above = ((...args: Parameters<typeof write>) => {
      this.erase();
      const ok = write.apply(beside, args);
      if (String(args[0]).endsWith('\n')) this.draw();
      return ok;
    }) as typeof write;
    if (beside.isTTY) beside.write = above;
    this.release = () => {
      terminal.off('resize', redraw);
      process.off('warning', erase);
      if (beside.write === above) beside.write = write;
    };
  }

  draw(): void {
    const up = this.up();
    // A line may end in blanks, which would count as a row of their own in a narrower terminal.
    const lines = this.lines().map((line) => line.trimEnd());
    this.drawn = lines.map((line) => Math.min(plain(line).length, this.columns));
    const text = lines.map((line) => `\u001b[2K${line}\n`).join('');
    // From the block's first line, each line over its old self: no blank moment between.
    this.terminal.write(`${NO_WRAP}${up}${text}${CLEAR_BELOW}${WRAP}`);
  }

  /** Leaves the last drawing where it is. */
  close(): void {
    this.release();
  }

  private erase(): void {
    const up = this.up();
    this.drawn = [];
    this.terminal.write(`${up}${CLEAR_BELOW}`);
  }

  private get columns(): number {
    return Math.max(1, this.terminal.columns || 80);
  }

  /** To the block's first row. Most terminals wrap their old lines anew when they become narrower, so a line may take several rows by now. */
  private up(): string {
    const rows = this.drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / this.columns)), 0);
    return rows > 0 ? `\r\u001b[${rows}A` : '\r';
  }
}

/** The text without its colours. */
function plain(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  return line.replace(/\u001b\[[0-9;]*m/g, '');
}
