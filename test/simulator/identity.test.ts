/** Keystone: what an administrator makes, what others may ask, and what a login gets. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/index.js';

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator();
});

afterAll(() => simulator.stop());

async function login(name: string, scope?: unknown, password = 'lab') {
  const user = { name, password, domain: { id: 'default' } };
  const auth = { identity: { methods: ['password'], password: { user } }, ...(scope === undefined ? {} : { scope }) };
  const answer = await fetch(`${simulator.authUrl}/auth/tokens`, { method: 'POST', body: JSON.stringify({ auth }) });
  return {
    status: answer.status,
    token: answer.headers.get('x-subject-token') ?? '',
    // biome-ignore lint/suspicious/noExplicitAny: any answer; a wrong guess fails the test
    body: (await answer.json()) as any,
  };
}

async function call(token: string, path: string, method = 'GET', body?: unknown) {
  const answer = await fetch(`${simulator.authUrl}${path}`, {
    method,
    headers: { 'X-Auth-Token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

test("a login without a scope is one to the user's own project, an unscoped one to none", async () => {
  expect((await login('demo')).body.token.project.name).toBe('demo');
  expect((await login('demo', 'unscoped')).body.token.project).toBeUndefined();
  expect((await login('demo', { project: { name: 'admin', domain: { id: 'default' } } })).status).toBe(401);
});

test('a user whom the administrator makes logs in once a role is granted, and no more once removed', async () => {
  const { token } = await login('admin');
  const project = (await call(token, '/projects', 'POST', { project: { name: 'new' } })).body.project;
  const user = (await call(token, '/users', 'POST', { user: { name: 'new', password: 'secret' } })).body.user;
  const scope = { project: { id: project.id } };
  expect((await login('new', scope, 'secret')).status).toBe(401);
  const member = (await call(token, '/roles?name=member')).body.roles[0];
  expect((await call(token, `/projects/${project.id}/users/${user.id}/roles/${member.id}`, 'PUT')).status).toBe(204);
  const own = await login('new', scope, 'secret');
  expect(own.body.token.roles.map((role: { name: string }) => role.name)).toEqual(['member']);
  expect((await call(own.token, '/auth/projects')).body.projects.map((one: { name: string }) => one.name)).toEqual([
    'new',
  ]);
  expect((await call(token, `/users/${user.id}`, 'DELETE')).status).toBe(204);
  expect((await call(own.token, '/auth/projects')).status).toBe(401);
});

test('who is no administrator makes and lists nothing', async () => {
  const { token } = await login('demo');
  const { status, body } = await call(token, '/projects', 'POST', { project: { name: 'x' } });
  expect(status).toBe(403);
  expect(body.error.message).toBe('You are not authorized to perform the requested action: identity:create_project.');
  expect((await call(token, '/users')).status).toBe(403);
});
