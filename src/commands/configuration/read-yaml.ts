/**
 * A YAML file as data, and where in it a path of members stands. Takes one document of plain data. Refuses anchors and aliases, by
 * which a small file stands for an endless one, tags, names that are said twice, and files that are too large or too deep.
 */
import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  YAMLException,
} from 'js-yaml';
import type { Path } from '../../management/configuration/fault.ts';

export interface Position {
  /** From 1. */
  line: number;
  column: number;
}

/** A fault of the file itself. */
export class YamlFault extends Error {
  readonly position: Position;

  constructor(message: string, position: Position) {
    super(message);
    this.name = 'YamlFault';
    this.position = position;
  }
}

export interface YamlFile {
  value: unknown;
  /** Of what is at the path, or of the nearest above it that is there. @returns how many of its members were found, too */
  positionOf(path: Path): Position & { depth: number };
}

/** 64 MiB; 10^5 nodes are 6. */
export const mostBytes = 64 * 1024 * 1024;
/** A level of the tree takes two. */
const mostDepth = 400;

/** @throws YamlFault */
export function readYaml(source: string): YamlFile {
  const at = (offset: number) => positionAt(source, offset);
  const events = refusing(source, () => parseEvents(source, { maxDepth: mostDepth }));
  const [first, second] = events.flatMap((event, index) => (event.type === EVENT_ID.DOCUMENT ? [index] : []));
  if (first === undefined) return { value: {}, positionOf: () => ({ line: 1, column: 1, depth: 0 }) };
  if (second !== undefined) throw new YamlFault('holds a second document; give it a file of its own', at(0));
  for (const event of events) {
    const forbidden = forbiddenIn(event);
    if (forbidden) throw new YamlFault(forbidden.message, at(forbidden.offset));
  }
  const [value] = refusing(source, () => constructFromEvents(events, { source, schema: CORE_SCHEMA, maxAliases: 0 }));
  return { value, positionOf: (path) => find(events, first + 1, source, path) };
}

function forbiddenIn(event: Event): { message: string; offset: number } | undefined {
  if (event.type === EVENT_ID.ALIAS) return { message: 'aliases are not taken', offset: event.anchorStart };
  if (event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) return undefined;
  if (event.anchorStart >= 0) return { message: 'anchors are not taken', offset: event.anchorStart };
  if (event.tagStart >= 0) return { message: 'tags are not taken', offset: event.tagStart };
  return undefined;
}

function refusing<T>(source: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new YamlFault(error.reason, positionAt(source, error.mark?.position ?? 0));
  }
}

function positionAt(source: string, offset: number): Position {
  const before = source.slice(0, Math.max(offset, 0));
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: before.length - lineStart + 1 };
}

function startOf(event: Event | undefined): number {
  if (event?.type === EVENT_ID.SCALAR) return event.valueStart;
  return event?.type === EVENT_ID.MAPPING || event?.type === EVENT_ID.SEQUENCE ? event.start : 0;
}

/** The index after the value that begins at this one. */
function after(events: readonly Event[], index: number): number {
  let depth = 0;
  for (let at = index; at < events.length; at += 1) {
    const type = events[at]?.type;
    if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) depth += 1;
    else if (type === EVENT_ID.POP) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return events.length;
}

/** Follows the path as far as it goes. A member of a mapping is shown at its name. */
function find(events: readonly Event[], start: number, source: string, path: Path): Position & { depth: number } {
  let index = start;
  let shown = startOf(events[start]);
  for (const [depth, step] of path.entries()) {
    const child = childOf(events, index, source, step);
    if (!child) return { ...positionAt(source, shown), depth };
    shown = startOf(events[child.name]);
    index = child.value;
  }
  return { ...positionAt(source, shown), depth: path.length };
}

function childOf(
  events: readonly Event[],
  index: number,
  source: string,
  step: string | number,
): { name: number; value: number } | undefined {
  const type = events[index]?.type;
  let at = index + 1;
  for (let position = 0; at < events.length && events[at]?.type !== EVENT_ID.POP; position += 1) {
    const event = events[at];
    if (type === EVENT_ID.SEQUENCE) {
      if (position === step) return { name: at, value: at };
      at = after(events, at);
    } else if (type === EVENT_ID.MAPPING) {
      const value = after(events, at);
      if (event?.type === EVENT_ID.SCALAR && getScalarValue(source, event) === String(step)) return { name: at, value };
      at = after(events, value);
    } else return undefined;
  }
  return undefined;
}
