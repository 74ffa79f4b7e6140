/** Search attributes as the client reads and writes them, and the command that registers one where a worker may not. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../workflows/protocol.js';

export const VPN_NAME = defineSearchAttributeKey('VpnName', SearchAttributeType.KEYWORD);
export const VPN_PHASE = defineSearchAttributeKey('VpnPhase', SearchAttributeType.KEYWORD);
export const VPN_REGIONS = defineSearchAttributeKey('VpnRegions', SearchAttributeType.KEYWORD_LIST);

/** What an administrator runs. */
export function registrationCommand(namespace: string, name: keyof typeof SEARCH_ATTRIBUTES): string {
  const type = SEARCH_ATTRIBUTES[name] === 'KEYWORD' ? 'Keyword' : 'KeywordList';
  return `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`;
}
