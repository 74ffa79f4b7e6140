/**
 * What is known to go wrong between OpenStack and an end that is something else, told where a spec leads to it.
 * The rule: a warning names what to look at or to choose; none is given for what cannot happen with this spec.
 */
import type { SiteSpec, VpnSpec } from './types.js';

/** A sentence each; none for a spec whose sites are all OpenStack. */
export function externalWarnings(spec: VpnSpec): readonly string[] {
  return spec.links.flatMap(({ ends }) =>
    ends.flatMap((end) => {
      if (end.external === undefined) return [];
      const site = spec.sites.find(({ key }) => key === end.site);
      const at = `sites.${end.peer}.external`;
      return [
        `${at}: nothing can be pinged there, so the VPN ends unproven: ACTIVE says that both ends agree on their keys, not that packets arrive`,
        `${at}: set up that end while the run waits for the tunnel, which tunnelTimeout limits; regionlink peer-config ${spec.name} tells what to set there`,
        `${at}: let ICMP "fragmentation needed" through at both ends; without it a ping passes and larger packets hang`,
        ...severalRanges(at, site, end.external.cidrs.length),
        ...(spec.psk.from === 'generated'
          ? []
          : [
              'psk: some products take no other PSK than 20 to 40 letters and digits; psk: generated makes one of these',
            ]),
      ];
    }),
  );
}

/** OpenStack with strongSwan has one security association for all pairs of ranges; many others have one a pair. */
function severalRanges(at: string, site: SiteSpec | undefined, theirs: number): readonly string[] {
  if ((site?.network.subnets.length ?? 0) < 2 && theirs < 2) return [];
  return [
    site?.ike.version === 'v1'
      ? `${at}.cidrs: with IKEv1 each pair of ranges needs a security association of its own, and OpenStack with strongSwan makes the first only; use ike.version v2 or one range a site`
      : `${at}.cidrs: OpenStack with strongSwan negotiates all ranges at once; a product that makes a security association per pair of ranges carries some of them only. Use one range a site there, or one VPN a pair`,
  ];
}
