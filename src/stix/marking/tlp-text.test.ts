import { describe, expect, it } from 'vitest';
import { tlpSaidIn } from './tlp-text.ts';

describe('tlpSaidIn', () => {
  it.each([
    // As MISP, OpenCTI and people write them.
    ['tlp:clear', 'clear'],
    ['tlp:white', 'clear'],
    ['TLP:GREEN', 'green'],
    [' tlp:amber', 'amber'],
    ['tlp:amber+strict', 'amber+strict'],
    ['TLP:AMBER+STRICT', 'amber+strict'],
    ['TLP:AMBER + STRICT', 'amber+strict'],
    ['TLP: Amber Strict', 'amber+strict'],
    ['tlp_amber_strict', 'amber+strict'],
    ['tlp-amber-strict', 'amber+strict'],
    ['TLP:AmberStrict', 'amber+strict'],
    ['tlp:amber (strict)', 'amber+strict'],
    ['tlp:red', 'red'],
    ['TLP RED', 'red'],
    ['tlpred', 'red'],
    ['TLPAMBER+STRICT', 'amber+strict'],
    ['tlpamber strict', 'amber+strict'],
    ['TLPv2:RED', 'red'],
    ['TLP 2.0: GREEN', 'green'],
    ['tlp="red"', 'red'],
    ['misp:tlp:amber', 'amber'],
    ['Traffic Light Protocol: red', 'red'],
    ['This report is TLP:GREEN, as agreed with the red team.', 'green'],
    ['TLP level is AMBER', 'amber'],
    ['TLP:GREEN, before that TLP:RED', 'red'],
    ['TLP:GREEN/AMBER', 'amber'],
    ['TLP:GREEN or RED', 'red'],
    ['\u{ff34}\u{ff2c}\u{ff30}\u{ff1a}\u{ff32}\u{ff25}\u{ff24}', 'red'],
    ['t\u200blp:r\u200bed', 'red'],
    ['tlp:\u00a0red', 'red'],
    // Whatever is added to AMBER narrows it.
    ['tlp:amber+nato', 'amber+strict'],
    ['tlp:unclear', 'unknown'],
    ['tlp:ex:chr', 'unknown'],
    ['tlp:purple', 'unknown'],
    ['TLP', 'unknown'],
    ['tlp:', 'unknown'],
    ['tlp:purple tlp:green', 'green'],
    ['red', undefined],
    ['traffic', undefined],
    ['httlp:red', undefined],
    ['tlpx', 'unknown'],
    ['', undefined],
  ])('%j says %s', (text, said) => {
    expect(tlpSaidIn(text)).toBe(said);
  });
});
