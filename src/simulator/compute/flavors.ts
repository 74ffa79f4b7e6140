/** Flavors. The one rule: they are read only; their shape is that of the recording, plus what later microversions add. */
import type { Answer } from '../errors.js';
import type { Row } from '../state.js';
import { itemNotFound } from './errors.js';
import { type NovaCall, pageOf } from './request.js';

export function handleFlavors({ parts, query, version, context }: NovaCall): Answer {
  const [, id, sub] = parts;
  const all = context.region
    .rows('flavor')
    .filter(
      (row) =>
        Number(row.ram) >= Number(query.get('minRam') ?? 0) && Number(row.disk) >= Number(query.get('minDisk') ?? 0),
    );
  const view = (row: Row): Record<string, unknown> => {
    const { id: flavorId, name, ...rest } = row;
    return {
      id: flavorId,
      name,
      ...rest,
      ...(version >= 75 && rest.swap === '' ? { swap: 0 } : {}),
      links: linksOf(row.id, context.base),
      ...(version >= 55 ? { description: null } : {}),
      ...(version >= 61 ? { extra_specs: {} } : {}),
    };
  };
  if (id === undefined || id === 'detail') {
    const { page, next } = pageOf(all, query, `${context.base}/v2.1/flavors${id === undefined ? '' : '/detail'}`);
    const short = (row: Row) => ({
      id: row.id,
      name: row.name,
      links: linksOf(row.id, context.base),
      ...(version >= 55 ? { description: null } : {}),
    });
    return {
      status: 200,
      body: {
        flavors: page.map(id === 'detail' ? view : short),
        ...(next === undefined ? {} : { flavors_links: [{ rel: 'next', href: next }] }),
      },
    };
  }
  const row = context.region.get('flavor', id);
  if (row === undefined) throw itemNotFound(`Flavor ${id} could not be found.`);
  if (sub === 'os-extra_specs') return { status: 200, body: { extra_specs: {} } };
  return { status: 200, body: { flavor: view(row) } };
}

function linksOf(id: string, base: string) {
  return [
    { rel: 'self', href: `${base}/v2.1/flavors/${id}` },
    { rel: 'bookmark', href: `${base}/flavors/${id}` },
  ];
}
