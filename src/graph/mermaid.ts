/** The graph as a Mermaid drawing: a box a site, dashed steps for the test VMs that go away again. */
import { type Graph, isResourceStep, type Step } from './types.js';

export function toMermaid(graph: Graph): string {
  const id = (key: string) => key.replace(/[^A-Za-z0-9]/g, '_');
  const box = (step: Step) =>
    `    ${id(step.key)}["${step.title}"]${isResourceStep(step) && step.temporary ? ':::check' : ''}`;
  const sites = [...new Set(graph.steps.filter(isResourceStep).map((step) => step.site))];
  const groups = sites.flatMap((site) => [
    `  subgraph ${id(site)} ["${site}"]`,
    ...graph.steps.filter((step) => isResourceStep(step) && step.site === site).map(box),
    '  end',
  ]);
  const acts = graph.steps.filter((step) => !isResourceStep(step)).map(box);
  const edges = graph.steps.flatMap((step) => direct(step, graph).map((need) => `  ${id(need)} --> ${id(step.key)}`));
  return ['flowchart LR', ...groups, ...acts, ...edges, '  classDef check stroke-dasharray: 4 4'].join('\n');
}

/** Needs that no other need already implies: the drawing stays readable. */
function direct(step: Step, graph: Graph): readonly string[] {
  const reach = (key: string): ReadonlySet<string> => {
    const needs = graph.steps.find((one) => one.key === key)?.needs ?? [];
    return new Set(needs.flatMap((need) => [need, ...reach(need)]));
  };
  return step.needs.filter((need) => !step.needs.some((other) => other !== need && reach(other).has(need)));
}
