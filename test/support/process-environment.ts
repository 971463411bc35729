/**
 * What a program that a test starts is given of this process's own environment: where programs are, and what measures or
 * shortens the run. Nothing that the program reads as a setting.
 */
const passedOn = ['PATH', 'NODE_COMPILE_CACHE', 'NODE_V8_COVERAGE'];

export function processEnvironment(): Record<string, string> {
  return Object.fromEntries(passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
