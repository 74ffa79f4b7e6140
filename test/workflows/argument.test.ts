/** What a workflow takes as its argument and what the published schema of it says are one: neither lets pass what the other refuses. */
import { describe, expect, test } from 'vitest';
import {
  checkedArgument,
  DESTROY_FORM,
  EXTERNAL_ENDS_FORM,
  PROVISION_FORM,
  SWEEP_FORM,
} from '../../src/workflows/argument.js';
import { schemaFaults } from '../support/schema-faults.js';
import { tutorialSpec } from '../support/test-bed.js';

const spec = tutorialSpec();
const OF_A_VPN = {
  good: [{ vpn: 'left-right' }, { vpn: '7' }],
  bad: [{}, { vpn: 7 }, { vpn: '' }, { vpn: 'A' }, { vpn: 'a'.repeat(49) }, { vpn: 'a', more: 1 }, [], null, 'a'],
};

const CASES = [
  { type: 'ProvisionInput', form: PROVISION_FORM, good: [{ spec }], bad: [{}, { spec, more: 1 }, [{ spec }], null, 7] },
  { type: 'DestroyInput', form: DESTROY_FORM, ...OF_A_VPN },
  { type: 'ExternalEndsInput', form: EXTERNAL_ENDS_FORM, ...OF_A_VPN },
  {
    type: 'SweepInput',
    form: SWEEP_FORM,
    good: [
      { of: { vpn: 'left-right' }, ids: ['1'] },
      { of: { router: 'r', region: 'dbl' }, ids: ['1', '2'] },
    ],
    bad: [
      { of: { vpn: 'left-right' }, ids: [] },
      { of: { vpn: 'left-right' }, ids: [''] },
      { of: { vpn: 'left-right' }, ids: [1] },
      { of: { vpn: 'left-right' }, ids: '1' },
      { of: { vpn: 'Left' }, ids: ['1'] },
      { of: { router: 'r' }, ids: ['1'] },
      { of: { router: '', region: 'dbl' }, ids: ['1'] },
      { of: { router: 'r', region: 'dbl', vpn: 'left-right' }, ids: ['1'] },
      { of: 'left-right', ids: ['1'] },
      { ids: ['1'] },
    ],
  },
] as const;

for (const { type, form, good, bad } of CASES) {
  describe(type, () => {
    const check = (input: unknown) => checkedArgument<object>(input, form);

    test.each(good.map((input) => [input]))('takes %j', async (input) => {
      expect(schemaFaults(type, input)).toEqual([]);
      await expect(check(input)).resolves.toBe(input);
    });

    test.each(bad.map((input) => [input]))('refuses %j', async (input) => {
      expect(schemaFaults(type, input)).not.toEqual([]);
      await expect(check(input)).rejects.toMatchObject({ type: 'InvalidArgument', nonRetryable: true });
    });
  });
}
