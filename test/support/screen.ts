/**
 * What a terminal shows of the bytes that it is sent: the part of ECMA-48 that the product uses, with scrollback, and old lines wrapped anew when it becomes
 * narrower, as most terminals do. Throws on a sequence that it does not know.
 */
export class Screen {
  private rows: string[] = [''];
  private row = 0;
  private column = 0;
  private wraps = true;
  private pending = '';

  constructor(
    private height: number,
    private width: number,
  ) {}

  /** All that can be seen, by scrolling back as well. */
  get text(): string {
    return this.rows.map((row) => row.trimEnd()).join('\n');
  }

  write(data: string): void {
    this.pending += data;
    for (;;) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this reads
      const [token] = /^(?:\u001b\[\??[\d;]*[A-Za-z]|[^\u001b])/u.exec(this.pending) ?? [];
      if (token === undefined) return;
      this.pending = this.pending.slice(token.length);
      if (token.startsWith('\u001b')) this.control(token.slice(2));
      else this.put(token);
    }
  }

  resize(height: number, width: number): void {
    const before = this.rows.slice(0, this.row);
    const rewrap = (row: string): string[] => row.trimEnd().match(new RegExp(`.{1,${width}}`, 'gu')) ?? [''];
    this.row = before.flatMap(rewrap).length;
    this.rows = this.rows.flatMap(rewrap);
    [this.height, this.width] = [height, width];
    this.column = Math.min(this.column, width - 1);
  }

  private put(character: string): void {
    if (character === '\r') this.column = 0;
    else if (character === '\n') this.down();
    else if (character >= ' ') {
      if (this.column >= this.width) {
        if (this.wraps) {
          this.column = 0;
          this.down();
        } else this.column = this.width - 1;
      }
      const old = [...(this.rows[this.row] ?? '').padEnd(this.column)];
      old[this.column] = character;
      this.rows[this.row] = old.join('');
      this.column += 1;
    }
  }

  private down(): void {
    this.row += 1;
    if (this.row === this.rows.length) this.rows.push('');
  }

  private control(sequence: string): void {
    const count = Number.parseInt(sequence, 10) || 0;
    const line = this.rows[this.row] ?? '';
    if (sequence.endsWith('m')) return;
    if (sequence === '?7l' || sequence === '?7h') this.wraps = sequence === '?7h';
    else if (sequence.endsWith('A'))
      this.row = Math.max(Math.max(0, this.rows.length - this.height), this.row - Math.max(1, count));
    else if (sequence.endsWith('G')) this.column = Math.max(1, count) - 1;
    else if (sequence === '2K') this.rows[this.row] = '';
    else if (sequence === 'K') this.rows[this.row] = [...line].slice(0, this.column).join('');
    else if (sequence === 'J' || sequence === '0J') {
      this.rows[this.row] = [...line].slice(0, this.column).join('');
      this.rows.length = this.row + 1;
    } else throw new Error(`a terminal is sent ${JSON.stringify(sequence)}`);
  }
}
