/** `regionlink validate -f FILE` and `graph -f FILE`: what a spec means, with no server and no cloud. */
import { buildGraph } from '../../graph/build-graph.js';
import { toMermaid } from '../../graph/mermaid.js';
import { parseSpec, sitesInWords } from '../../spec/index.js';
import { loadSpecFile, specSource } from '../../spec/load-spec-file.js';

export function validate(options: { readonly file: string; readonly json?: boolean }): void {
  const { spec, warnings } = parseSpec(loadSpecFile(options.file));
  for (const warning of warnings) console.error(`warning: ${warning}`);
  const { steps } = buildGraph(spec);
  console.log(
    options.json
      ? JSON.stringify({ spec, warnings, steps: steps.length })
      : `${specSource(options.file)} is valid: VPN ${spec.name}, ${sitesInWords(spec).join(' and ')}, ${steps.length} steps`,
  );
}

export function graph(options: { readonly file: string; readonly json?: boolean }): void {
  const { spec } = parseSpec(loadSpecFile(options.file));
  const built = buildGraph(spec);
  console.log(options.json ? JSON.stringify(built) : toMermaid(built));
}
