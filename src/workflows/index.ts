/** What the worker bundles: the workflow types, by the names that `protocol.ts` gives them. */
import './versioning.js';

export { destroyVpn } from './destroy.js';
export { examineClouds, externalEnds, planVpn } from './looks.js';
export { provisionVpn } from './provision.js';
export { surveyVpns, sweepVpn } from './sweep.js';
