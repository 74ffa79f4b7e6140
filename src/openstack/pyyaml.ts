/**
 * YAML as PyYAML's `safe_load` reads it, on which openstacksdk builds: version 1.1, where `no` and `off` are false and `0123` is a number.
 * The rule: a message never quotes the file, which holds passwords.
 */
import { parseDocument, type ScalarTag } from 'yaml';

/**
 * What stands without quotes and is read as something that is written otherwise: `0123` (83), `1.50`, `0x1F`, `12:30`, a date. Told where it is used as a
 * text, since its owner meant what they wrote.
 */
export class Misread {}

/** PyYAML's own patterns (its `resolver.py`); the yaml package's differ: it takes `y` for true and `123e4`, which an id may be, for a number. */
const BOOL = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const NUMBER = new RegExp(
  [
    '[-+]?0b[01_]+',
    '[-+]?0x[0-9a-fA-F_]+',
    '[-+]?0[0-7_]*',
    '[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])*',
    '[-+]?[0-9][0-9_]*\\.[0-9_]*(?:[eE][-+][0-9]+)?',
    '\\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?',
    '[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*',
    '[-+]?\\.(?:inf|Inf|INF)',
    '\\.(?:nan|NaN|NAN)',
  ]
    .map((form) => `^${form}$`)
    .join('|'),
);
const DATE =
  /^\d{4}-\d\d-\d\d$|^\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?$/;
/** Numbers whose text is what Python makes of them again: `5`, `2.0`, `2.1`. */
const SAME_AS_WRITTEN = /^(?:0|-?[1-9]\d*)$|^-?(?:0|[1-9]\d{0,14})\.(?:0|\d{0,14}[1-9])$/;

const SCALARS: readonly ScalarTag[] = [
  { tag: 'tag:yaml.org,2002:bool', default: true, test: BOOL, resolve: (text) => /^(?:yes|true|on)$/i.test(text) },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: new RegExp(`${NUMBER.source}|${DATE.source}`),
    // A text, so that an id of digits keeps them all; openstacksdk makes texts of numbers too.
    resolve: (text) => (SAME_AS_WRITTEN.test(text) ? text : new Misread()),
  },
];

/** The document's value: null, booleans, texts, lists and maps, and `Misread`. Throws an Error with line and reason for what is no YAML. JSON is YAML. */
export function parsePyYaml(text: string): unknown {
  const document = parseDocument(text, {
    version: '1.1',
    customTags: (tags) => [
      ...tags.filter((tag) => typeof tag !== 'string' && /:(?:map|seq|str|null|merge)$/.test(tag.tag)),
      ...SCALARS,
    ],
  });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) {
    // After a colon the parser quotes the file.
    const [what] = fault.message.split(/ at line |: /);
    throw new Error(`line ${fault.linePos?.[0].line}: ${what}`);
  }
  try {
    return document.toJS();
  } catch {
    throw new Error('an alias (*) has no anchor, or there are too many');
  }
}
