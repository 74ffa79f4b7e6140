/** `examples/service`, as it stands: the package's built form behind a small service, against a real server, worker and simulator. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { TestBed } from '../support/test-bed.js';

const HELD = { method: 'POST', path: '^/v2.0/vpn/vpnservices$', region: 'cbk', fault: { kind: 'hold' } } as const;

test('an order is provisioned once however often it is sent, another one of its name is refused, and it is given up again', async () => {
  // A service's own specs say nothing of settling, which takes minutes: on a slow machine no write may be given up.
  const bed = await TestBed.start({ httpTimeoutMs: 30_000 });
  const before = bed.simulator.snapshot();
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', TEMPORAL_ADDRESS: bed.server.address, PORT: '0' };
  const service = spawn(process.execPath, ['--import', 'tsx', 'examples/service/service.ts'], { env });
  let errors = '';
  service.stderr.on('data', (data) => {
    errors += data;
  });
  const lines = createInterface({ input: service.stdout })[Symbol.asyncIterator]();
  const until = async (text: string): Promise<string> => {
    for (;;) {
      const { done, value = '' } = await lines.next();
      if (done) throw new Error(`it ended before it said "${text}": ${errors}`);
      if (value.includes(text)) return value;
    }
  };
  try {
    const { port } = JSON.parse((await until('listening on ')).replace('listening on ', '')) as { port: number };
    const send = async (method: string, name: string, body?: object) => {
      const url = `http://127.0.0.1:${port}/connections/${name}`;
      const response = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
    };
    const order = { from: 'dbl', to: 'cbk' };
    expect(await send('PUT', 'Bad_Name', order)).toMatchObject({ status: 400, error: expect.stringContaining('name') });
    expect(await send('PUT', 'atlantis', { from: 'dbl', to: 'atlantis' })).toMatchObject({ status: 400 });
    expect(await send('GET', 'never')).toMatchObject({ status: 404 });
    bed.simulator.faults.add(HELD);
    expect(await send('PUT', 'shop', order)).toMatchObject({ status: 202, joined: false });
    expect(await send('PUT', 'shop', order)).toMatchObject({ status: 202, joined: true });
    expect(await send('PUT', 'shop', { from: 'cbk', to: 'dbl' })).toMatchObject({ status: 409 });
    expect(await send('GET', 'shop')).toMatchObject({ status: 200, operation: 'provisionVpn', state: 'RUNNING' });
    bed.simulator.faults.clear();
    await until('shop: done, ');
    await until('shop: finished');
    expect(await send('GET', 'shop')).toMatchObject({ state: 'COMPLETED', phase: 'done', troubles: [] });
    expect(await send('DELETE', 'shop')).toMatchObject({ status: 202, joined: false });
    await until('shop: finished');
    expect(bed.simulator.snapshot()).toEqual(before);
  } finally {
    service.kill('SIGTERM');
    if (service.exitCode === null) await once(service, 'exit');
    await bed.stop();
  }
  expect(errors).toBe('');
}, 120_000);
