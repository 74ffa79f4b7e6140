/** What came, went or changed between two pictures of clouds: every resource as text, by a name of its own. Empty where they are equal. */
export function changesBetween(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  return [
    ...[...after.keys()].filter((key) => !before.has(key)).map((key) => `left behind: ${key}`),
    ...[...before.keys()].filter((key) => !after.has(key)).map((key) => `lost: ${key}`),
    ...[...after].filter(([key, row]) => (before.get(key) ?? row) !== row).map(([key]) => `changed: ${key}`),
  ];
}
