/**
 * POST /servers/{id}/action. The one rule: an action that the server's state forbids is refused with 409 and Nova's sentence.
 */
import { type Answer, novaError } from '../errors.js';
import { pythonRepr } from '../python-text.js';
import type { CallContext, Row } from '../state.js';
import { badRequest, conflict, invalid, itemNotFound } from './errors.js';
import { isFields, type NovaCall } from './request.js';
import type { ServerLife } from './server-life.js';
import { portsOf } from './server-ports.js';
import { vmState } from './server-view.js';

/** Actions by the states that allow them. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'os-stop': ['active', 'error'],
  'os-start': ['stopped'],
  reboot: ['active', 'stopped', 'error'],
};
const VERBS: Readonly<Record<string, string>> = { 'os-stop': 'stop', 'os-start': 'start', reboot: 'reboot' };

export function runAction({ body, context }: NovaCall, row: Row, life: ServerLife): Answer {
  const actions = isFields(body) ? Object.keys(body) : [];
  const [action] = actions;
  if (action === undefined || !isFields(body)) throw badRequest('Malformed request body');
  if (actions.length > 1) throw badRequest('There is no such action: ');
  if (action === 'os-getConsoleOutput') return consoleOutput(body[action], row, life);
  if (action === 'addSecurityGroup' || action === 'removeSecurityGroup')
    return changeGroups(row, body[action], action === 'addSecurityGroup', context);
  const allowed = ALLOWED[action];
  if (!allowed) throw badRequest(`There is no such action: ${action}`);
  if (row._task === 'deleting') {
    throw conflict(`Cannot '${VERBS[action]}' instance ${row.id} while it is in task_state deleting`);
  }
  const state = vmState(row, context);
  if (!allowed.includes(state))
    throw conflict(`Cannot '${VERBS[action]}' instance ${row.id} while it is in vm_state ${state}`);
  if (action === 'os-stop') life.powerOff(row, context);
  else if (action === 'os-start') life.powerOn(row, context);
  else {
    const type = isFields(body.reboot) ? body.reboot.type : undefined;
    if (!/^(?:soft|hard)$/i.test(String(type)))
      throw invalid('type', type, `${String(type)} is not one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']`);
    life.reboot(row, context);
  }
  return { status: 202 };
}

/** Adds a security group to every port of a server, or takes it away. */
function changeGroups(row: Row, given: unknown, add: boolean, context: CallContext): Answer {
  const name = isFields(given) ? given.name : undefined;
  if (typeof name !== 'string') throw invalid('name', name, `${pythonRepr(name)} is not of type 'string'`);
  const { region, projectId } = context;
  const group = region
    .rows('security_group')
    .find((one) => one.project_id === projectId && (one.id === name || one.name === name));
  if (group === undefined) throw itemNotFound(`Security group ${name} not found for project ${projectId}`);
  const ports = portsOf(region, row.id);
  const has = ports.some((port) => (port.security_groups as string[]).includes(group.id));
  if (!add && !has) throw itemNotFound(`Security group ${name} not associated with the instance ${row.id}`);
  for (const port of ports) {
    const others = (port.security_groups as string[]).filter((id) => id !== group.id);
    port.security_groups = add ? [...others, group.id] : others;
  }
  return { status: 202 };
}

function consoleOutput(given: unknown, row: Row, life: ServerLife): Answer {
  const length = isFields(given) ? given.length : undefined;
  if (length !== undefined && length !== null && !/^-?\d+$/.test(String(length))) {
    throw invalid('length', length, `'${String(length)}' does not match '^-?[0-9]+$'`);
  }
  if (Number(length ?? -1) < -1) throw invalid('length', length, `${String(length)} is less than the minimum of -1`);
  if (row._launchedAt === undefined) throw novaError(409, 'conflictingRequest', `Instance ${row.id} is not ready`);
  const lines = length === undefined || length === null ? undefined : Number(length);
  return { status: 200, body: { output: life.guests.console(row.id, lines) } };
}
