/** `attributes` and `excludedAttributes` of a request (RFC 7644 section 3.9): which part of a resource is answered. */
import { isObject, type Json, placeOf, type ResourceType } from './schemas.ts';

const always = ['id', 'schemas'];

interface Projection {
  attributes?: readonly string[];
  excludedAttributes?: readonly string[];
}

/** The steps to an attribute; of the URN of an extension, itself. */
function stepsOf(type: ResourceType, name: string): string[] | undefined {
  if (name.toLowerCase() === type.extension.id.toLowerCase()) return [type.extension.id];
  return placeOf(type, name)?.steps;
}

/** Whether an attribute is asked for; what is costly is not read in vain. */
export function isAskedFor(type: ResourceType, name: string, { attributes, excludedAttributes }: Projection): boolean {
  const first = (asked: string) => stepsOf(type, asked)?.[0];
  if (attributes) return attributes.some((asked) => first(asked) === name);
  return !(excludedAttributes ?? []).some((asked) => stepsOf(type, asked)?.join('.') === name);
}

export function projected(type: ResourceType, resource: Json, { attributes, excludedAttributes }: Projection): Json {
  if (attributes) {
    const shown: Json = Object.fromEntries(always.map((name) => [name, resource[name]]));
    for (const name of attributes) copy(resource, shown, stepsOf(type, name) ?? []);
    return shown;
  }
  if (!excludedAttributes) return resource;
  const shown = structuredClone(resource);
  for (const name of excludedAttributes) {
    const steps = stepsOf(type, name) ?? [];
    if (!always.includes(steps[0] ?? '')) drop(shown, steps);
  }
  return shown;
}

function copy(from: Json, to: Json, [step, ...rest]: string[]): void {
  const found = step === undefined ? undefined : from[step];
  if (step === undefined || found === undefined) return;
  if (rest.length === 0) to[step] = found;
  else if (Array.isArray(found)) {
    const before = Array.isArray(to[step]) ? (to[step] as Json[]) : [];
    to[step] = found.filter(isObject).map((one, n) => {
      const part: Json = { ...before[n] };
      copy(one, part, rest);
      return part;
    });
  } else if (isObject(found)) {
    const part: Json = isObject(to[step]) ? { ...(to[step] as Json) } : {};
    copy(found, part, rest);
    to[step] = part;
  }
}

function drop(from: Json, [step, ...rest]: string[]): void {
  if (step === undefined) return;
  if (rest.length === 0) delete from[step];
  else for (const one of [from[step]].flat()) if (isObject(one)) drop(one, rest);
}
