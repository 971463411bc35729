import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { accentStylesheet, contrast, deriveAccent, surfaces } from '../../src/platform/accent.ts';

const stylesheet = readFileSync(new URL('../../views/assets/gatehouse.css', import.meta.url), 'utf8');

/** The colour tokens of one block of the stylesheet, by name. */
function tokens(opening: string): Map<string, string> {
  const from = stylesheet.indexOf(opening);
  assert.ok(from >= 0, opening);
  const block = stylesheet.slice(from, stylesheet.indexOf('}', from));
  return new Map(
    [...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

const schemes = {
  light: tokens(':root {'),
  dark: tokens(':root[data-theme="dark"] {'),
};

const colour = fc.integer({ min: 0, max: 0xffffff }).map((value) => value.toString(16).padStart(6, '0'));
const greys = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0').repeat(3));

function assertReadable(picked: string): void {
  for (const scheme of ['light', 'dark'] as const) {
    const { fill, fillHover, onFill, edge, ink } = deriveAccent(picked, scheme);
    const { page, card } = surfaces[scheme];
    const hint = `#${picked} in ${scheme}`;
    assert.ok(contrast(onFill, fill) >= 4.5, `${hint}: text on the button`);
    assert.ok(contrast(onFill, fillHover) >= 4.5, `${hint}: text on the pointed-at button`);
    assert.notEqual(fillHover, fill, `${hint}: the button answers to the pointer`);
    assert.ok(contrast(ink, card) >= 4.5, `${hint}: links on the card`);
    assert.ok(contrast(ink, page) >= 4.5, `${hint}: links on the page`);
    assert.ok(contrast(edge, card) >= 3, `${hint}: the outline of the button`);
  }
}

describe("a tenant's accent colour", () => {
  it('keeps WCAG AA whatever colour is picked', () => {
    for (const grey of greys) assertReadable(grey);
    for (const extreme of ['ff0000', '00ff00', '0000ff', 'ffff00', '00ffff', 'ff00ff']) assertReadable(extreme);
    fc.assert(fc.property(colour, assertReadable), { numRuns: 2000 });
  });

  it('stays the colour that was picked where that can be read', () => {
    assert.equal(deriveAccent('2a5bd7', 'light').fill, '#2a5bd7');
    assert.equal(deriveAccent('ffcc00', 'light').fill, '#ffcc00');
    assert.equal(deriveAccent('ffcc00', 'dark').fill, '#ffcc00');
  });

  it('is the same for a colour and for what it becomes', () => {
    fc.assert(
      fc.property(colour, (picked) => {
        const { fill, ink } = deriveAccent(picked, 'light');
        assert.equal(deriveAccent(fill.slice(1), 'light').fill, fill);
        assert.equal(deriveAccent(ink.slice(1), 'light').ink, ink);
      }),
    );
  });

  it('sets nothing but colour tokens, for both schemes', () => {
    fc.assert(
      fc.property(colour, (picked) => {
        const declarations = [...accentStylesheet(picked).matchAll(/(--[a-z-]+):(#[0-9a-f]{6})/g)];
        assert.equal(declarations.length, 15);
      }),
      { numRuns: 20 },
    );
  });
});

describe('the stylesheet', () => {
  it('has the surfaces that accents are derived for', () => {
    for (const scheme of ['light', 'dark'] as const) {
      assert.equal(schemes[scheme].get('page'), surfaces[scheme].page);
      assert.equal(schemes[scheme].get('card'), surfaces[scheme].card);
    }
  });

  it('says the same for dark by setting and dark by choice', () => {
    assert.deepEqual([...tokens(':root:not([data-theme="light"]) {')], [...schemes.dark]);
    assert.deepEqual(
      [...schemes.dark.keys()].filter((name) => !schemes.light.has(name)),
      [],
    );
  });

  const texts: [text: string, grounds: string[], ratio: number][] = [
    ['text', ['page', 'card', 'sunken', 'hover', 'arch', 'danger-ground', 'care-ground'], 4.5],
    ['text-quiet', ['page', 'card', 'sunken', 'hover', 'arch', 'line'], 4.5],
    ['accent-ink', ['page', 'card', 'sunken', 'arch'], 4.5],
    ['on-accent', ['accent', 'accent-hover'], 4.5],
    ['danger', ['card', 'danger-ground'], 4.5],
    ['done', ['done-ground'], 4.5],
    ['care', ['care-ground'], 4.5],
    ['line-strong', ['card', 'sunken'], 3],
    ['accent-edge', ['card'], 3],
  ];
  for (const scheme of ['light', 'dark'] as const) {
    it(`keeps WCAG AA in ${scheme}`, () => {
      for (const [text, grounds, ratio] of texts) {
        for (const ground of grounds) {
          const got = contrast(schemes[scheme].get(text) ?? '', schemes[scheme].get(ground) ?? '');
          assert.ok(got >= ratio, `${text} on ${ground}: ${got.toFixed(2)}`);
        }
      }
    });
  }

  it('asks for nothing outside', () => {
    for (const [url] of stylesheet.matchAll(/url\([^)]{0,20}/g)) assert.match(url, /^url\("data:image\/svg\+xml,/);
    assert.doesNotMatch(stylesheet, /@import|@font-face/);
  });
});
