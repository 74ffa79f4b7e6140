/**
 * ip, ifconfig, route, nslookup: what the guest knows of its own network.
 * The one rule: it shows what GuestNetwork says at this moment; a guest cannot change its addresses.
 */
import type { GuestInterface } from '../machine.js';
import type { CommandContext, Program } from './context.js';

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** The network and broadcast address of a card's subnet. */
function subnetOf(
  address: string,
  prefix: number,
): { readonly network: string; readonly broadcast: string; readonly mask: string } {
  const size = 2 ** (32 - prefix);
  const network = Math.floor(toNumber(address) / size) * size;
  return { network: toAddress(network), broadcast: toAddress(network + size - 1), mask: toAddress(2 ** 32 - size) };
}

/** Whether two IPv4 addresses are in one subnet. */
export function sameSubnet(a: string, b: string, prefix: number): boolean {
  return subnetOf(a, prefix).network === subnetOf(b, prefix).network;
}

function configured(card: GuestInterface): card is GuestInterface & { address: string; prefix: number } {
  return card.address !== undefined && card.prefix !== undefined;
}

export const ip: Program = async (c) => {
  const words = c.args.filter((arg) => !arg.startsWith('-'));
  const object = words[0] ?? '';
  const cards = c.machine.network.interfaces();
  const brief = c.args.some((arg) => /^-(?:o|oneline|br|brief)$/.test(arg));
  if (words[1] === 'add' || words[1] === 'del' || words[1] === 'set' || words[1] === 'replace') return 0;
  const at = words.indexOf('dev');
  const only = at >= 0 ? words[at + 1] : /^(?:show|list|s)$/.test(words[1] ?? '') ? words[2] : undefined;
  if (/^a(?:ddr|ddress)?$/.test(object)) return showAddresses(c, cards, only, brief);
  if (/^l(?:ink)?$/.test(object)) {
    for (const [index, card] of cards.entries()) await c.out(linkLines(card, index));
    return 0;
  }
  if (/^r(?:oute|o)?$/.test(object))
    return words[1] === 'get' ? routeGet(c, words[2] ?? '') : showRoutes(c, cards, words.includes('default'));
  if (/^n(?:eigh|eighbor)?$/.test(object)) return 0;
  await c.err(`Object "${object}" is unknown, try "ip help".\n`);
  return 1;
};

function linkLines(card: GuestInterface, index: number): string {
  return `${index + 2}: ${card.name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu ${card.mtu} qdisc pfifo_fast state UP group default qlen 1000\n    link/ether ${card.mac} brd ff:ff:ff:ff:ff:ff\n`;
}

async function showAddresses(
  c: CommandContext,
  cards: readonly GuestInterface[],
  only: string | undefined,
  brief: boolean,
): Promise<number> {
  if (only !== undefined && only !== 'lo' && !cards.some((card) => card.name === only)) {
    await c.err(`Device "${only}" does not exist.\n`);
    return 1;
  }
  if (only === undefined || only === 'lo') {
    await c.out(
      brief
        ? '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n'
        : '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n',
    );
  }
  for (const [index, card] of cards.entries()) {
    if (only !== undefined && only !== card.name) continue;
    const inet = configured(card)
      ? `inet ${card.address}/${card.prefix} brd ${subnetOf(card.address, card.prefix).broadcast} scope global ${card.name}`
      : undefined;
    if (brief)
      await c.out(
        inet === undefined
          ? ''
          : `${index + 2}: ${card.name}    ${inet}\\       valid_lft forever preferred_lft forever\n`,
      );
    else
      await c.out(
        `${linkLines(card, index)}${inet === undefined ? '' : `    ${inet}\n       valid_lft forever preferred_lft forever\n`}`,
      );
  }
  return 0;
}

async function showRoutes(c: CommandContext, cards: readonly GuestInterface[], onlyDefault: boolean): Promise<number> {
  const ready = cards.filter(configured);
  for (const card of ready)
    if (card.gateway !== undefined) await c.out(`default via ${card.gateway} dev ${card.name} \n`);
  for (const card of onlyDefault ? [] : ready) {
    await c.out(
      `${subnetOf(card.address, card.prefix).network}/${card.prefix} dev ${card.name} scope link  src ${card.address} \n`,
    );
  }
  return 0;
}

async function routeGet(c: CommandContext, target: string): Promise<number> {
  const card = outgoing(c.machine.network.interfaces(), target);
  if (!card) {
    await c.err('RTNETLINK answers: Network is unreachable\n');
    return 2;
  }
  const via = sameSubnet(card.address, target, card.prefix) || card.gateway === undefined ? '' : `via ${card.gateway} `;
  await c.out(`${target} ${via}dev ${card.name} src ${card.address} uid 0 \n    cache \n`);
  return 0;
}

/** The card that packets to `target` leave by: the one in its subnet, else the first with a gateway. */
export function outgoing(
  cards: readonly GuestInterface[],
  target: string,
): (GuestInterface & { address: string; prefix: number }) | undefined {
  const ready = cards.filter(configured);
  return (
    ready.find((card) => sameSubnet(card.address, target, card.prefix)) ??
    ready.find((card) => card.gateway !== undefined)
  );
}

export const ifconfig: Program = async (c) => {
  for (const card of c.machine.network.interfaces()) {
    const inet = configured(card)
      ? `          inet addr:${card.address}  Bcast:${subnetOf(card.address, card.prefix).broadcast}  Mask:${subnetOf(card.address, card.prefix).mask}\n`
      : '';
    await c.out(
      `${card.name.padEnd(10)}Link encap:Ethernet  HWaddr ${card.mac.toUpperCase()}\n${inet}          UP BROADCAST RUNNING MULTICAST  MTU:${card.mtu}  Metric:1\n\n`,
    );
  }
  return 0;
};

export const route: Program = async (c) => {
  await c.out(
    'Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n',
  );
  const row = (to: string, via: string, mask: string, flags: string, name: string): string =>
    `${to.padEnd(16)}${via.padEnd(16)}${mask.padEnd(16)}${flags.padEnd(6)}0      0        0 ${name}\n`;
  for (const card of c.machine.network.interfaces().filter(configured)) {
    const { network, mask } = subnetOf(card.address, card.prefix);
    if (card.gateway !== undefined) await c.out(row('0.0.0.0', card.gateway, '0.0.0.0', 'UG', card.name));
    await c.out(row(network, '0.0.0.0', mask, 'U', card.name));
  }
  return 0;
};

export const nslookup: Program = async (c) => c.fail(`can't resolve '${c.args[0] ?? ''}'`);
