/**
 * The configuration of one file, of a folder of them, or of standard input. Files of a folder are put together: each may say a part,
 * and nothing is said twice. Tells a fault by its file, its line and its path.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { type ConfigurationDocument, readDocument } from '../../management/configuration/document.ts';
import { ConfigurationFault, type Path } from '../../management/configuration/fault.ts';
import { CommandFailed, UsageError } from '../frame/failures.ts';
import { printable } from '../frame/terminal-text.ts';
import { mostBytes, readYaml, YamlFault, type YamlFile } from './read-yaml.ts';

interface SourceFile extends YamlFile {
  name: string;
}

export interface ReadConfiguration {
  document: ConfigurationDocument;
  /** A fault as a sentence, with its place. */
  explain(fault: ConfigurationFault, message?: string): string;
}

type Tree = { [member: string]: unknown };

const isRecord = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path}: cannot be read (${error.code})`, { cause: error });
  });
  if (!found.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true });
  const files = names.filter((name) => /\.ya?ml$/.test(name) && !/(?:^|[/\\])\./.test(name)).sort();
  if (files.length === 0) throw new UsageError(`${path}: holds no .yaml file`);
  return files.map((name) => join(path, name));
}

async function sourceOf(file: string): Promise<string> {
  if (file === '-') return readText(process.stdin);
  const { size } = await stat(file);
  if (size > mostBytes) throw new CommandFailed(`${file}: is larger than ${mostBytes / 1024 / 1024} MiB`);
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file}: cannot be read (${error.code})`, { cause: error });
  });
}

async function parse(file: string): Promise<SourceFile> {
  try {
    return { name: file === '-' ? 'standard input' : file, ...readYaml(await sourceOf(file)) };
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    const { line, column } = error.position;
    throw new CommandFailed(`${file}:${line}:${column}: ${error.message}`, { cause: error });
  }
}

/** Where each node of a tree that was put together came from. */
type Origins = Map<string, { file: SourceFile; index: number }[]>;

/** Adds what a file says. @throws ConfigurationFault for what another one has said already */
function add(into: Tree, value: Tree, file: SourceFile, origins: Origins, path: (string | number)[] = []): void {
  for (const [name, member] of Object.entries(value)) {
    const at = [...path, name];
    if (name === '__proto__') throw new ConfigurationFault(at, 'cannot be called so');
    const before = Object.hasOwn(into, name) ? into[name] : undefined;
    const isTree = name === 'tree' && Array.isArray(member);
    if (isTree) {
      const known = origins.get(at.join('\0')) ?? [];
      origins.set(at.join('\0'), [...known, ...member.map((_, index) => ({ file, index }))]);
    }
    if (before === undefined) into[name] = isRecord(member) ? copyOf(member, file, origins, at) : member;
    else if (isRecord(before) && isRecord(member)) add(before, member, file, origins, at);
    else if (isTree && Array.isArray(before)) into[name] = [...before, ...member];
    else if (at.length > 1 || name !== 'gatehouse' || before !== member)
      throw new ConfigurationFault(at, 'is said in another file, too');
  }
}

function copyOf(value: Tree, file: SourceFile, origins: Origins, path: (string | number)[]): Tree {
  const copy: Tree = {};
  add(copy, value, file, origins, path);
  return copy;
}

/** The file that says the most of the path, and the path in it. */
function placeOf(files: readonly SourceFile[], origins: Origins, path: Path): string {
  const treeAt = path.indexOf('tree');
  const origin = treeAt < 0 ? undefined : origins.get(path.slice(0, treeAt + 1).join('\0'))?.[Number(path[treeAt + 1])];
  if (origin) {
    const { line, column } = origin.file.positionOf([
      ...path.slice(0, treeAt + 1),
      origin.index,
      ...path.slice(treeAt + 2),
    ]);
    return `${origin.file.name}:${line}:${column}`;
  }
  const [best] = files
    .map((file) => ({ name: file.name, ...file.positionOf(path) }))
    .toSorted((left, right) => right.depth - left.depth);
  return best ? `${best.name}:${best.line}:${best.column}` : '';
}

/** `tenants.northwind.roles."Head teacher"` */
function textOf(path: Path): string {
  const steps = path.map((step) =>
    typeof step === 'number' || /^[\w-]+$/.test(step) ? String(step) : JSON.stringify(step),
  );
  return printable(steps.join('.') || 'the file');
}

/** @throws CommandFailed with every fault, a line each; UsageError for what cannot be read */
export async function readConfiguration(path: string): Promise<ReadConfiguration> {
  const files: SourceFile[] = [];
  for (const file of path === '-' ? ['-'] : await filesOf(path)) files.push(await parse(file));
  const origins: Origins = new Map();
  const explain = (fault: ConfigurationFault, message = fault.message) =>
    `${placeOf(files, origins, fault.path)}: ${textOf(fault.path)}: ${printable(message)}`;
  const value: Tree = {};
  for (const file of files) {
    if (!isRecord(file.value)) throw new CommandFailed(`${file.name}:1:1: is no mapping of names to values`);
    try {
      add(value, file.value, file, origins);
    } catch (error) {
      if (!(error instanceof ConfigurationFault)) throw error;
      const { line, column } = file.positionOf(error.path);
      throw new CommandFailed(`${file.name}:${line}:${column}: ${textOf(error.path)}: ${error.message}`);
    }
  }
  const read = readDocument(value);
  if ('faults' in read) throw new CommandFailed(read.faults.map((fault) => explain(fault)).join('\n'));
  return { document: read.document, explain };
}
