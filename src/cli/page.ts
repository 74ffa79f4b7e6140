import { colours, wantsColour } from './colour.js';
import type { Page } from './findings-text.js';

/** Standard output as a page: as wide as the terminal, or as a file is read. */
export function page(): Page {
  return { columns: process.stdout.columns || 100, colour: colours(wantsColour(process.stdout)) };
}
