/** Before any test: builds the command and the workflow bundle, so that tests run what users run, and none waits for a compiler. */
import { execSync } from 'node:child_process';

export default function build(): void {
  execSync('npm run --silent build', { stdio: ['ignore', 'inherit', 'inherit'] });
}
