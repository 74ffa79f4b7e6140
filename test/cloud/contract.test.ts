/** The recordings against a real cloud: what the simulator is held to is what the real thing still answers. */
import { neutronContract } from '../contract/neutron.js';
import { novaContract } from '../contract/nova.js';
import { labTarget } from './bed.js';

neutronContract(labTarget);
novaContract(labTarget);
