/**
 * Which runs go on with a newer build of the worker while they are open, where workers are versioned at all.
 * The rule: a workflow that is named here must replay the histories of every released build (`test/histories`).
 */
import { setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import { destroyVpn } from './destroy.js';
import { sweepVpn } from './sweep.js';

/**
 * A provision stays with its build: its undo must be the one of what it did, and a run that waits for a cloud overnight must not meet steps that it did not
 * resolve. So do looks, which end within minutes. A removal may wait for weeks for a cloud that is away, goes by the marks alone, and is what a mended build
 * is wanted for: it moves on, and no old build has to be kept for it.
 */
const MOVING = [destroyVpn, sweepVpn];

// A server refuses a behaviour from a worker without a version.
for (const workflow of MOVING as ((input: never) => Promise<unknown>)[])
  setWorkflowOptions(
    () => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {}),
    workflow,
  );
