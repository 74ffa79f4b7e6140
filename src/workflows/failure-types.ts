/**
 * The published types of an application failure, with what each tells a caller. Read by who fails a run, by the client, and by the contract's page.
 * The rule: callers decide by these, so one may be added and none may change its meaning.
 */
export const FAILURES = {
  InvalidArgument:
    "the workflow's argument is not what its type takes; every problem is named, and nothing was touched",
  InvalidSpec: 'the spec is not valid; every problem is named, and nothing was touched',
  SpecConflict: 'what stands cannot become what the spec says; each field or resource is named',
  WorkerMismatch: 'the worker has another master key, cloud or project than the one that resolved the spec',
  CannotSeeOwnResources: 'what was made does not appear in a later list, so nothing more is made',
  CloudRefused: 'a cloud refused a call for good: quota, policy, a bad request; the message says what to do',
  CloudUnavailable: 'a cloud did not answer well for as long as the run may try',
  CloudNotSuitable: 'a cloud lacks what the spec takes: an extension, a network, an image, a login',
  CheckInconclusive: 'the test VMs told nothing, so the tunnel is neither proven nor refuted',
  TunnelDown: 'the tunnel carried no ping in time; the message says why',
  Leftovers: 'something could not be removed; the details list it by kind, name, id, region and reason',
  AttemptOver:
    'the worker stopped an attempt, or too little of its time was left: nothing was sent, and the next one does it',
  StoppedByHand: "someone has failed a step by hand, with Temporal's own command",
  Unexpected: 'an error of our own, tried again: report it',
} as const;

export type FailureType = keyof typeof FAILURES;
