/** A value as YAML: plain data alone, in block style, small things on a line of their own. What could be read otherwise is quoted. */

type Plain = string | number | boolean | null | Plain[] | { [member: string]: Plain };

const isRecord = (value: Plain): value is { [member: string]: Plain } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Words that stand for themselves in YAML of either version: letters first, and nothing that means something. */
const plainWord = /^[A-Za-z][A-Za-z0-9_./+@-]*(?: [A-Za-z0-9_./+@-]+)*$/;
const meansSomething = /^(?:true|false|yes|no|on|off|null|y|n|nan|inf)$/i;

function scalar(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value);
  return plainWord.test(value) && !meansSomething.test(value) ? value : quoted(value);
}

/** JSON's strings are YAML's, but for what JSON leaves as it is and YAML takes for the end of a line. */
function quoted(value: string): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const widest = 100;

/** On one line, if it is short and nothing in it is deep. */
function flow(value: Plain): string | undefined {
  if (!Array.isArray(value) && !isRecord(value)) return scalar(value);
  const parts = Array.isArray(value)
    ? value.map((item) => (typeof item === 'object' && item !== null ? undefined : scalar(item)))
    : Object.entries(value).map(([name, member]) =>
        typeof member === 'object' && member !== null ? undefined : `${scalar(name)}: ${scalar(member)}`,
      );
  if (parts.length > 0 && parts.includes(undefined)) return undefined;
  const text = parts.join(', ');
  if (parts.length === 0) return Array.isArray(value) ? '[]' : '{}';
  if (text.length > widest) return undefined;
  return Array.isArray(value) ? `[${text}]` : `{ ${text} }`;
}

function lines(value: Plain, indent: string, out: string[]): void {
  if (Array.isArray(value)) {
    for (const item of value) {
      const short = flow(item);
      if (short !== undefined) out.push(`${indent}- ${short}`);
      else nested(item, indent, out);
    }
  } else if (isRecord(value)) {
    for (const [name, member] of Object.entries(value)) {
      const isList = Array.isArray(member);
      const short = isRecord(member) && Object.keys(member).length > 0 ? undefined : flow(member);
      if (short !== undefined) out.push(`${indent}${scalar(name)}: ${short}`);
      else {
        out.push(`${indent}${scalar(name)}:`);
        lines(member, isList ? `${indent}  ` : `${indent}  `, out);
      }
    }
  }
}

/** An item of a list that takes several lines: its first line stands beside the dash. */
function nested(item: Plain, indent: string, out: string[]): void {
  const at = out.length;
  lines(item, `${indent}  `, out);
  const first = out[at];
  if (first !== undefined) out[at] = `${indent}- ${first.slice(indent.length + 2)}`;
}

/** Ends with a line break. @param value of JSON */
export function writeYaml(value: object): string {
  const out: string[] = [];
  lines(value as Plain, '', out);
  return `${out.join('\n')}\n`;
}
