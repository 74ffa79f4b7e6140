/**
 * The environment that a process of ours was started with.
 * The rule: secrets are read through `environment()` and by no other way, since `withdrawSecrets` has taken them out of `process.env`: no child process, no crash
 * report (`process.report`) and no library has them. What the system shows of a process as it was started, `/proc/PID/environ`, nothing can clean.
 */

export type Env = Readonly<Record<string, string | undefined>>;

/** By the end of its name, whoever's it is: a PSK's variable is known only when a spec names it. */
const SECRET_NAME = /(psk|password|passcode|secret|token|key|key_data|codec_auth)\d*$|^temporal_grpc_meta_/i;

/** Those of our own configuration. */
const OWN_NAME = /^(os|temporal|regionlink)_/i;

export function isSecretVariable(name: string): boolean {
  return SECRET_NAME.test(name);
}

let started: Env | undefined;

/** Takes the secrets out of `process.env`: for a process that is ours, before it does anything else. A host of our library keeps its environment. */
export function withdrawSecrets(): void {
  started ??= { ...process.env };
  for (const name of Object.keys(process.env).filter(isSecretVariable)) delete process.env[name];
}

/** All variables, with the secrets. */
export function environment(): Env {
  return started ?? process.env;
}

/** Variables that a spec may refer to for a PSK: not the passwords and keys of our own configuration, which whoever writes a spec must not get hold of. */
export function withoutOwnSecrets(env: Env): Env {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !(OWN_NAME.test(name) && isSecretVariable(name)) || /psk\d*$/i.test(name)),
  );
}
