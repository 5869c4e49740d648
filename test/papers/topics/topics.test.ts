import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LOCALES, messagesIn } from '../../../src/messages/catalogue.ts'
import { ALIASES } from '../../../src/papers/topics/aliases.ts'
import { FIELDS, GROUPS } from '../../../src/papers/topics/fields.ts'
import { canonicalSlug, keywordTopic } from '../../../src/papers/topics/keywords.ts'
import { topicName } from '../../../src/papers/topics/topic-name.ts'
import { fieldsOf, isField, topicsOf } from '../../../src/papers/topics/topics.ts'
import { expectLinearTime } from '../../support/linear-time.ts'

/** Slugs of the fields that readers could follow before there were groups. */
const EARLIER_FIELDS =
  `language-models multimodal-models reasoning agents reinforcement-learning benchmarks-and-evaluation datasets
  image-generation video-generation video-understanding diffusion-models 3d-and-rendering robotics world-models computer-vision
  speech-and-audio code mathematics-with-ai retrieval-and-search efficiency architectures training long-context safety-and-alignment
  interpretability hallucination-and-truth medicine-and-biology science-with-ai autonomous-driving humans-in-pictures
  graphical-interfaces many-languages graphs-and-tables recommendation games-and-play`.split(/\s+/)

describe('the tree of fields', () => {
  test('has 40 to 80 fields, each in one group, named and described in every language', () => {
    expect(FIELDS.length).toBeGreaterThanOrEqual(40)
    expect(FIELDS.length).toBeLessThanOrEqual(80)
    expect(new Set(FIELDS.map(({ slug }) => slug)).size).toBe(FIELDS.length)
    for (const locale of LOCALES) {
      const t = messagesIn(locale)
      expect(Object.keys(t.fields).sort()).toEqual(FIELDS.map(({ slug }) => slug).sort())
      expect(Object.keys(t.topics.groups)).toEqual(GROUPS.map(({ group }) => group))
      expect(new Set(Object.values(t.fields).map(({ name }) => name)).size).toBe(FIELDS.length)
    }
  })

  test('every earlier field leads to a field', () => {
    expect(EARLIER_FIELDS).toHaveLength(35)
    for (const slug of EARLIER_FIELDS) expect([slug, isField(canonicalSlug(slug))]).toEqual([slug, true])
    expect(canonicalSlug('many-languages')).toBe('multilingual')
  })
})

describe('a paper’s fields', () => {
  const paper = (title: string, abstract = '', keywords: string[] = []) => fieldsOf({ title, abstract, keywords })

  test('robotics has no robotic process automation', () => {
    expect(
      paper('Robotic process automation with language models', 'Robotic process automation clicks.'),
    ).not.toContain('robotics')
    expect(paper('A humanoid that walks')).toContain('robotics')
    expect(paper('Closing the gap', 'Sim-to-real transfer is hard. We study sim-to-real transfer.')).toContain(
      'robotics',
    )
  })

  test.each([
    ['medicine-and-biology', 'diagnostic evaluation', 'LLM safety diagnosis', 'Diagnose factors driving biases'],
    [
      'education',
      'teacher-student model training',
      'Teaching agents to sketch',
      'language models are few-shot learners',
    ],
    ['learning-theory', 'expressive human image animation', 'expressive text-to-speech'],
    ['games', 'game-theoretic optimization', 'The Imitation Game: a Turing machine imitator'],
    [
      'recommendation',
      'multi-subject personalized generation',
      'personalized PageRank',
      'personalized image generation',
    ],
    ['hallucination-and-factuality', 'counterfactual regret minimization', 'counterfactual intervention'],
    ['earth-and-climate', 'crop-and-resize', 'random crops'],
    ['documents-and-ocr', 'whole-slide images', 'vision-only slide encoder'],
    ['hardware-and-distributed-training', 'Gaussian kernels', 'neural tangent kernel', 'convolution kernel'],
    ['science-with-ai', 'autonomous bug discovery', 'false discovery rate', 'instantaneous pattern discovery'],
  ])('%s has no papers that only use its words: %s', (field, ...others) => {
    for (const title of others)
      expect({ title, fields: paper(title, '', ['music']) }).not.toMatchObject({
        fields: expect.arrayContaining([field]),
      })
  })

  test.each([
    ['medicine-and-biology', 'Disease diagnosis with language models', 'differential diagnosis', 'breast ultrasound'],
    [
      'education',
      'student performance prediction',
      'human learners',
      'Teaching assistants made of LLMs',
      'L2 learners',
    ],
    ['learning-theory', 'expressive power of transformers', 'The expressivity of graph networks'],
    ['games', 'game playing', 'A video game engine', 'games'],
    ['recommendation', 'personalized news', 'Personalization of assistants', 'recommender systems'],
    ['hallucination-and-factuality', 'factual recall', 'non-factual claims'],
    ['earth-and-climate', 'crop yields', 'crop disease'],
    ['documents-and-ocr', 'Making slides from papers', 'slide generation'],
    ['hardware-and-distributed-training', 'kernel fusion', 'GPU kernels', 'tiled kernel', 'kernel generation'],
    ['science-with-ai', 'scientific discovery', 'drug discovery', 'materials discovery'],
  ])('%s has them all the same: %s', (field, ...own) => {
    for (const title of own)
      expect({ title, fields: paper(title, '', ['music']) }).toMatchObject({ fields: expect.arrayContaining([field]) })
  })

  test('speech has no talking faces', () => {
    const title = 'Audio-driven talking head generation'
    const abstract = 'Audio drives the face. The audio is encoded, and audio features move the lips.'
    expect(paper(title, abstract)).not.toContain('speech-and-audio')
    expect(paper(title, abstract, ['talking head', 'audio features'])).not.toContain('speech-and-audio')
    expect(paper(title, abstract)).toContain('human-motion-and-faces')
    expect(paper('Spoken dialogue without text')).toContain('speech-and-audio')
  })

  test('come from the abstract only when there are no keywords, and words must be repeated', () => {
    const abstract = 'We speak of proteins once. Driving scenes are shown. Autonomous driving needs maps.'
    expect(paper('Untold', abstract)).toEqual(['autonomous-driving'])
    expect(paper('Untold', abstract, ['music'])).not.toContain('autonomous-driving')
    expect(paper('Untold', 'We speak of proteins once.'), 'nothing else is there').toEqual(['medicine-and-biology'])
  })

  test('are not told by a link to the code', () => {
    const abstract =
      'Proteins fold. Protein folds matter. Code is available at https://github.com/a/code. Our code is available.'
    expect(paper('Folding', abstract)).toEqual(['medicine-and-biology'])
  })

  test('include those of arXiv’s categories, and scientific computing', () => {
    expect(topicsOf({ title: 'X', keywords: [], categories: ['cs.SD'] })).toContain('speech-and-audio')
    expect(paper('A multigrid method', 'It solves partial differential equations.')).toContain('scientific-computing')
  })

  test('come before keywords', () => {
    const topics = topicsOf({ title: 'X', keywords: ['GRPO', 'sparse attention', 'text-to-image'] })
    expect(topics.map(isField).lastIndexOf(true)).toBeLessThan(topics.map(isField).indexOf(false))
  })
})

describe('a topic has one slug', () => {
  const ONE_TOPIC = [
    ['GRPO', 'group relative policy optimization', 'Group Relative Policy Optimization (GRPO)'],
    ['SFT', 'supervised fine-tuning', 'supervised finetuning'],
    ['MoE', 'mixture of experts', 'Mixture-of-Experts', 'mixture-of-expert'],
    ['VLA', 'vision-language-action', 'vision-language-action models', 'VLA models'],
    ['LLM agents', 'large language model agents', 'LLM-based agents', 'agents'],
    ['RLVR', 'reinforcement learning with verifiable rewards', 'reinforcement learning from verifiable rewards'],
    ['DiT', 'diffusion transformers', 'Diffusion Transformer (DiT)', 'DiTs'],
    ['text-to-image', 'text-to-image generation', 'text-to-image models', 'text-to-image diffusion models', 'T2I'],
    ['video generation', 'video generation models', 'video generative models', 'video diffusion models'],
    ['chain-of-thought', 'CoT', 'chain-of-thought reasoning', 'chain of thought'],
    ['pre-training', 'pretraining', 'Pre-training'],
    ['LLM judges', 'LLM-as-a-judge', 'llm-as-judge'],
    ['flow matching', 'flow matching models'],
    ['diffusion language models', 'diffusion large language models', 'dLLMs', 'masked diffusion language models'],
    ['3D Gaussian Splatting', 'gaussian splatting', '3DGS'],
    ['offline RL', 'offline reinforcement learning'],
    ['reasoning capabilities', 'reasoning', 'Reasoning abilities'],
    ['KV cache', 'key-value cache', 'KV caching'],
    ['RAG', 'retrieval-augmented generation', 'Retrieval Augmented Generation (RAG)'],
  ]
  test.each(ONE_TOPIC)('%s', (...names) => {
    expect(new Set(names.map(keywordTopic)).size).toBe(1)
    expect(keywordTopic(names[0]!)).toBeDefined()
  })

  test('and different topics have different ones', () => {
    const different = [
      'reward model',
      'foundation model',
      'speech synthesis',
      'test-time scaling',
      'test-time training',
    ]
    expect(new Set(different.map(keywordTopic)).size).toBe(different.length)
  })

  test('which is its own slug, whatever the keyword', () => {
    const names = ALIASES.flat()
    fc.assert(
      fc.property(
        fc.oneof(
          fc.constantFrom(...names),
          fc.stringMatching(/^[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,4}$/),
          fc
            .tuple(fc.constantFrom(...names), fc.constantFrom('s', '-model', '-models', '-method'))
            .map((two) => two.join('')),
        ),
        (slug) => canonicalSlug(canonicalSlug(slug)) === canonicalSlug(slug),
      ),
      { numRuns: 2000 },
    )
    for (const [other, topic] of ALIASES) expect([other, canonicalSlug(other)]).toEqual([other, topic])
  })

  test('earlier slugs with a wrongly cut plural are repaired', () => {
    expect(canonicalSlug('camera-trajectorie')).toBe('camera-trajectory')
    expect(canonicalSlug('agent-identitie')).toBe('agent-identity')
    expect(canonicalSlug('world-model')).toBe('world-models')
  })

  test('metrics, models and qualities are no topics', () => {
    const none = `pass@1|FID|F1 score|CLIP|GenEval|GPT-4o|DeepSeek-R1|visual fidelity|visual quality|generalization|latent space|
      hidden states|KL divergence|attack success rate|downstream tasks|memory|planning|Pareto frontier|next-token prediction|
      denoising steps|Qwen2.5-VL|AIME 2024|MATH-500|o3|GSM8K`
    for (const keyword of none.split(/\s*\|\s*/)) expect([keyword, keywordTopic(keyword)]).toEqual([keyword, undefined])
    expect(keywordTopic('dataset')).toBe('datasets')
  })
})

test.each(['a', 'a-', '-', 's', 'generation-', 'ing'])('a slug takes linear time: %s', (piece) => {
  expectLinearTime(canonicalSlug, piece, '', '!')
  expectLinearTime(keywordTopic, `(${piece}`, '', '!')
})

describe('a topic’s name', () => {
  test('is the field’s in the page’s language', () => {
    expect(topicName('multilingual')).toBe('Multilingual')
    expect(topicName(canonicalSlug('humans-in-pictures'))).toBe('Human motion & faces')
    expect(topicName('robotics', messagesIn('de'))).toBe('Robotik')
  })

  test.each([
    ['RoPE', 'RoPE'],
    ['ControlNet', 'ControlNet'],
    ['iTransformer', 'iTransformer'],
    ['FLOPs', 'FLOPs'],
    ['reasoning capabilities', 'Reasoning capabilities'],
    ['3D Gaussian Splatting (3DGS)', '3D Gaussian Splatting'],
    ['kv cache', 'KV cache'],
    ['world models', 'World models'],
    ['mixture-of-experts', 'Mixture-of-experts'],
  ])('is the source’s spelling: %s', (spelling, name) => {
    expect(topicName('some-topic', undefined, spelling)).toBe(name)
  })
})
