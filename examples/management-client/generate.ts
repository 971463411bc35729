/**
 * The types of the management API, made from its OpenAPI document: `npm run docs` writes them into management-api.ts.
 * Owns how openapi-typescript is called.
 */
import { registerHooks } from 'node:module';

// openapi-typescript builds its text with the compiler's own API, which version 7 has not: it gets one that has.
const compiler = `data:text/javascript,${encodeURIComponent(
  `import common from ${JSON.stringify(import.meta.resolve('@ts-morph/common'))}; export default common.ts;`,
)}`;

/** The text of management-api.ts. */
export async function managementTypes(document: object): Promise<string> {
  const hooks = registerHooks({
    resolve: (name, context, next) =>
      name === 'typescript' && context.parentURL?.includes('/openapi-typescript/')
        ? { url: compiler, shortCircuit: true }
        : next(name, context),
  });
  try {
    const { astToString, default: openapiTypescript } = await import('openapi-typescript');
    const types = astToString(await openapiTypescript(document as never, { alphabetize: true }));
    return `// Made from the OpenAPI document by \`npm run docs\`. Do not change it by hand.\n\n${types}`;
  } finally {
    hooks.deregister();
  }
}
