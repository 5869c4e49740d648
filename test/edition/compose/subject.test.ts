import { expect, test } from 'vitest'
import { nameInSubject, preheaderOf, summarizeNames } from '../../../src/edition/compose/subject.ts'

test.for([
  ['HY-World 2.0: A Multi-Modal World Model', 'HY-World 2.0'],
  ['FORGE:Fine-grained Multimodal Evaluation', 'FORGE'],
  ['注意力机制：一项研究', '注意力机制'],
  ['Seeing Twice – On Vision', 'Seeing Twice'],
  ['AI: A Study of Studies', 'AI: A Study of Studies'],
  ['Beyond 2:4: V:N:M Sparsity for Inference', 'Beyond 2:4'],
  ['Training with 2:4 Activation Sparsity', 'Training with 2:4 Activation Sparsity'],
  ['What std::sort Teaches: A Survey', 'What std::sort Teaches'],
  ['"TODO: Fix the Mess": Towards Technical Debt', '"TODO: Fix the Mess"'],
  ['“Why: Really?” A Survey', '“Why: Really?” A Survey'],
  ['Reward (short: R) Models – A View', 'Reward (short: R) Models'],
] as const)('the name in “%s” is “%s”', ([title, name]) => {
  expect(nameInSubject(title)).toBe(name)
})

test('a subject has two names where they fit, and the preheader the next three', () => {
  const names = ['TinySAM', 'Sparse Fine-Tuning', 'C', 'D', 'E', 'F']
  expect(summarizeNames(names, 10)).toBe('TinySAM, Sparse Fine-Tuning and 8 more')
  expect(summarizeNames([names[0]!, 'x'.repeat(44)], 10)).toBe('TinySAM and 9 more')
  expect(preheaderOf(names)).toBe('C · D · E')
})
