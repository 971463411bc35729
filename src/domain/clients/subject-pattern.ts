/**
 * Patterns of the subjects that platforms put into their tokens: `repo:acme/app:ref:refs/heads/main`. Pure. A subject is made of
 * segments, between `:` and `/`. `*` stands for one whole segment, whatever it is, and for nothing else; everything else is itself,
 * letter by letter, from the first to the last. Refuses `*` in the first two segments, which say whose the workload is, and as a
 * part of a segment, where `acme*` would be `acme-evil` too.
 */

const separators = /([:/])/;
const any = '*';

/** Why this is no pattern; undefined where it is one. */
export function faultOfPattern(pattern: string): string | undefined {
  if (pattern === '' || pattern.length > 500) return 'has 1 to 500 characters';
  if (!/^[\x21-\x7e]+$/.test(pattern)) return 'is made of printable ASCII characters without blanks';
  const segments = pattern.split(/[:/]/);
  if (segments.some((segment) => segment === '')) return 'has an empty segment';
  if (segments.some((segment) => segment !== any && segment.includes(any)))
    return 'has * in a segment: it stands for a whole one, between : and /';
  if (segments.slice(0, 2).includes(any))
    return 'begins with two segments that are no *, which say whose the workload is';
  return undefined;
}

export function matchesPattern(pattern: string, subject: string): boolean {
  const wanted = pattern.split(separators);
  const given = subject.split(separators);
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => {
      const found = given[index] as string;
      return part === any ? found !== '' && !separators.test(found) : part === found;
    })
  );
}
