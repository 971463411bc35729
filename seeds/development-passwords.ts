/**
 * Passwords for the sample accounts, to be read from a terminal and typed: four words and a number. Short everyday words
 * that no two people spell differently; none is a name of the samples.
 */
import { randomInt } from 'node:crypto';

const text = `
  acorn  alder  amber  anchor apple  apron  arrow  aspen  attic  badge  bagel  banjo  barley barn   basil  basin
  beach  beacon beetle belt   bench  birch  bison  blanket bloom bonnet border bottle branch brass  bread  breeze
  bridge brook  broom  bubble bucket button cabin  cactus camel  canal  candle canoe  canyon carbon carpet carrot
  castle cedar  cellar chalk  cherry chess  cider  cinema circus clay   clock  cloud  clover cobalt cocoa  comet
  copper coral  cotton crater crayon cricket crown cymbal daisy  delta  denim  desert dolphin donkey dragon drum
  eagle  easel  echo   elbow  elm    ember  engine falcon fern   ferry  fiddle field  fig    flame  flint  flute
  fossil fox    frost  garden garlic garnet ginger glacier globe  goblet gold   goose  granite grape  gravel guitar
  hammer hazel  hedge  helmet hermit heron  honey  horn   island ivory  jacket jaguar jasmine jelly  jigsaw kettle
  kiosk  kite   kitten koala  ladder lagoon lamp   lantern lava   lemon  lentil lily   linen  lizard lobster locket
  lotus  magnet mango  maple  marble meadow melon  mint   mirror mitten monkey moss   mosaic muffin mustard nectar
  needle nest   nickel nutmeg oak    oasis  ocean  olive  onion  opal   orange orchid otter  oyster paddle panda
  paper  parrot pasta  peach  pearl  pebble pelican pencil pepper piano  pigeon pillow pine   pirate planet plum
  pocket pollen pony   poppy  potato prism  puddle puffin pumpkin quartz quill  rabbit radish raft   raven  ribbon
  river  robin  rocket rope   ruby   saddle saffron salmon sandal satin  scarf  shell  silver sketch sleigh spider
  sponge spruce squid  stable statue stone  stork  sugar  sunset swan   tango  teapot temple thimble tiger  timber
  toast  tomato topaz  torch  tower  trumpet tulip  tunnel turtle umbrella valley velvet violin walnut willow zebra
`;

export const words: readonly string[] = text.trim().split(/\s+/);

/** 45 bits: four of 256 words and one of 9,000 numbers. */
export function readablePassword(): string {
  const picked = Array.from({ length: 4 }, () => words[randomInt(words.length)]);
  return [...picked, randomInt(1000, 10_000)].join('-');
}
