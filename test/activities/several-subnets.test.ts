/** Several subnets of a site as destroy and sweep find them, by marks alone. */
import { expect, test } from 'vitest';
import type { Attempt } from '../../src/activities/attempt.js';
import type { Item } from '../../src/activities/holdings.js';
import { toGraph } from '../../src/activities/inventory.js';
import { straysIn } from '../../src/activities/strays.js';
import type { WorkerContext } from '../../src/activities/worker-context.js';
import type { ResourceKind } from '../../src/graph/types.js';

const PLACE = { pins: { networkEndpoint: 'here', region: 'dbl' } } as Item['place'];
const PARTS = ['', '10.1.1.0-24', '10.1.2.0-24'];

function item(kind: ResourceKind, site: string, more: { readonly part?: string; readonly link?: string } = {}): Item {
  const id = [site, kind, more.part].join(' ');
  return { vpn: 'v', kind, site, ...more, place: PLACE, found: { id, name: id, mark: undefined, fields: {} } };
}

function partsOf(kind: ResourceKind): readonly Item[] {
  return PARTS.map((part) => item(kind, 'left', part === '' ? {} : { part }));
}

const VPN = [
  item('network', 'left'),
  item('network', 'left', { part: 'db' }),
  ...partsOf('subnet'),
  item('localEndpointGroup', 'left'),
  ...['left', 'right'].map((site) => item('siteConnection', site, { link: 'left~right' })),
];

test('a whole VPN has no strays: its further subnets and networks are no doubles of its first', async () => {
  expect(await straysIn([{ place: PLACE, items: VPN, services: [] }], {} as Attempt)).toEqual({
    sets: [],
    unclear: [],
  });
});

test('destroy takes the legs of a router one after the other, each before its subnet, and all subnets before the networks', () => {
  const router = [item('router', 'left'), item('externalGateway', 'left'), ...partsOf('routerInterface')];
  const { graph, found } = toGraph([...VPN, ...router], {} as WorkerContext);
  const needs = (key: string) => [...(graph.steps.find((step) => step.key === key)?.needs ?? [])].sort();
  expect(Object.keys(found)).toEqual(
    expect.arrayContaining(PARTS.map((part) => ['left/subnet', ...(part && [part])].join(':'))),
  );
  expect(needs('left/routerInterface:10.1.2.0-24')).toEqual([
    'left/externalGateway',
    'left/router',
    'left/routerInterface:10.1.1.0-24',
    'left/subnet:10.1.2.0-24',
  ]);
  expect(needs('left/subnet:10.1.2.0-24')).toEqual(['left/network', 'left/network:db']);
  expect(needs('left/localEndpointGroup')).toEqual([
    'left/subnet',
    'left/subnet:10.1.1.0-24',
    'left/subnet:10.1.2.0-24',
  ]);
});
