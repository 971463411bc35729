import assert from 'node:assert/strict';
import {
  isInNetworks,
  isPublicAddress,
  normalizeAddress,
  parseNetworks,
} from '../../../src/platform/network/networks.ts';

describe('addresses and networks', () => {
  it('knows what the public internet routes to one host', () => {
    for (const address of ['8.8.8.8', '93.184.215.14', '2606:4700::1111', '2a00:1450:4001::1', '::ffff:8.8.8.8'])
      assert.equal(isPublicAddress(address), true, address);
  });

  const special = {
    'private networks': ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    loopback: ['127.0.0.1', '127.255.255.254', '::1', '::127.0.0.1'],
    'this network': ['0.0.0.0', '0.1.2.3', '::'],
    'link-local addresses, the metadata service of clouds among them': ['169.254.169.254', 'fe80::1', 'fe80::1%eth0'],
    'unique and site-local addresses': ['fc00::1', 'fd12:3456::1', 'fec0::1', 'fd00:ec2::254'],
    'shared addresses of providers': ['100.64.0.1', '100.127.255.255'],
    'multicast and broadcast': ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1'],
    'documentation and benchmarking': [
      '192.0.2.1',
      '198.51.100.7',
      '203.0.113.9',
      '198.18.0.1',
      '2001:db8::1',
      '3fff::1',
    ],
    'reserved blocks': ['240.0.0.1', '192.0.0.8', '192.88.99.1', '100::1', '5f00::1', '4000::1', '1::1'],
    'IPv4 inside IPv6': ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:0:127.0.0.1', '::7f00:1'],
    'translations and tunnels': ['64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::1', '2002:7f00:1::', '2001::1'],
    'what is no address': [
      '',
      'localhost',
      '127.1',
      '0x7f000001',
      '2130706433',
      '0177.0.0.1',
      '8.8.8.8.',
      '8.8.8.8/32',
      '[::1]',
    ],
  };
  for (const [name, addresses] of Object.entries(special))
    it(`refuses ${name}`, () => {
      for (const address of addresses) assert.equal(isPublicAddress(address), false, address);
    });

  it('finds an address in a network however it is written', () => {
    const networks = parseNetworks(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::ffff:172.16.0.0/108']);
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '::ffff:a01:203', '192.0.2.7', '2001:db8:1::1', '172.16.9.9'])
      assert.equal(isInNetworks(address, networks), true, address);
    for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '172.32.0.1', 'localhost', '10.1', ''])
      assert.equal(isInNetworks(address, networks), false, address);
    assert.equal(isInNetworks('127.0.0.1', parseNetworks([])), false);
  });

  it('refuses a list with an entry that is no network', () => {
    for (const entry of ['', 'localhost', '10.0.0.0/33', '10/8', '0x7f000001/8', '2001:db8::/129', '10.0.0.0/8 ', '*'])
      assert.throws(() => parseNetworks(['10.0.0.0/8', entry]), /not a network/, entry);
  });

  it('writes an address in one way', () => {
    assert.equal(normalizeAddress('::ffff:127.0.0.1'), '127.0.0.1');
    assert.equal(normalizeAddress('2001:DB8:0:0::1'), '2001:db8::1');
    assert.equal(normalizeAddress('fe80::1%eth0'), 'fe80::1');
    assert.equal(normalizeAddress('unknown'), undefined);
  });
});
