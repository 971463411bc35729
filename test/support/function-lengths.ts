/**
 * How long the functions of a source file are. Reads the layout that the formatter gives every file: what a line opens
 * ends at the next line of the same indentation that begins with a closing brace.
 */

export interface FunctionLength {
  name: string;
  /** From 1. */
  line: number;
  lines: number;
}

const control =
  /^\s*(?:\}\s*)?(?:else\b|if\b|for\b|while\b|switch\b|catch\b|try\b|do\b|finally\b|return\b.*\bswitch\b)/;
const opensFunction =
  /\bfunction\b.*[^(]\{$|=> \(?\{$|^\s*(?:(?:async|static|get|set|private|public|override) )*\*?[\w$#]+(?:<[^(]*>)?\(.*\)(?:: .+)? \{$/;
/** The last line of a signature that takes several. */
const endsSignature = /^\s*[)}].*(?:\)|\): .+) (?:=> \(?)?\{$|^\s*\)(?:: .+)? (?:=> \(?)?\{$|^\s*\} \{$/;

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** The line on which what ends its signature at `index` begins. */
function headOf(lines: readonly string[], index: number): number {
  const indent = indentOf(lines[index] as string);
  let head = index - 1;
  while (head > 0 && (indentOf(lines[head] as string) !== indent || /^\s*(?:[)}].*)?$/.test(lines[head] as string)))
    head--;
  return head;
}

/** What it is called: by its declaration, or by what it is given to. */
function nameOf(head: string): string {
  const declared = /\b(?:function\*?|const|let)\s+([\w$]+)/.exec(head);
  const [, name] = declared ?? /^\s*(?:async |static |return )*([\w$.]+)/.exec(head) ?? [];
  return name ?? head.trim();
}

/** Every function of a file that has a body of several lines, the inner ones of another too. */
export function functionLengths(text: string): FunctionLength[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const isWhole = opensFunction.test(line) && !/^\s*[)}]/.test(line);
    if (!isWhole && !endsSignature.test(line)) return [];
    const head = isWhole ? index : headOf(lines, index);
    const first = lines[head] as string;
    if (control.test(first)) return [];
    const indent = indentOf(line);
    const length = lines
      .slice(index + 1)
      .findIndex((later) => indentOf(later) === indent && later.trimStart().startsWith('}'));
    return length < 0 ? [] : [{ name: nameOf(first), line: head + 1, lines: index + 2 + length - head }];
  });
}
