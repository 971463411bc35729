/** The APIs of the benchmark, by the form of their tokens. */
export const apis = {
  ES256: 'https://es256.bench.example/',
  RS256: 'https://rs256.bench.example/',
  opaque: 'https://opaque.bench.example/',
} as const;

export type TokenForm = keyof typeof apis;

/** The one scope of an API. */
export function scopeOf(form: TokenForm): string {
  return `bench.${form.toLowerCase()}`;
}
