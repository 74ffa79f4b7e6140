/** The router of a created network. Gateway and interface are steps of their own: its writes are a chain. */
import { neutronKind } from './neutron-kind.js';

export const router = neutronKind({
  kind: 'router',
  collection: 'routers',
  body: (scope) => ({ name: scope.step.name }),
  updatable: ['name'],
  isReferenced: async (found, { region, attempt }) => {
    if (found.fields.external_gateway_info !== null) return true;
    const ports = await attempt.read((call) => region.list('ports', call));
    return ports.some((port) => port.device_id === found.id);
  },
});
