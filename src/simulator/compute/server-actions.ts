/**
 * POST /servers/{id}/action. The one rule: an action that the server's state forbids is refused with 409 and Nova's sentence.
 */
import { type Answer, novaError } from '../errors.js';
import type { Row } from '../state.js';
import { badRequest, conflict, invalid } from './errors.js';
import { isFields, type NovaCall } from './request.js';
import type { ServerLife } from './server-life.js';
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
