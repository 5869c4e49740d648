import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { latexToText } from '../../src/latex/to-text.ts'
import { authorLine, readable, sentences } from '../../src/papers/readable.ts'
import { cpuMs } from '../support/linear-time.ts'

/** Titles from Hugging Face and the seed list, most with their lines joined. */
const titles: [id: string, given: string, readable: string][] = [
  [
    'IA-RED²',
    'IA-RED$^2$: Interpretability-Aware Redundancy Reduction',
    'IA-RED²: Interpretability-Aware Redundancy Reduction',
  ],
  [
    '2507.00316',
    'μ^2Tokenizer: Differentiable Multi-Scale Multi-Modal Tokenizer for\n  Radiology Report Generation',
    'μ²Tokenizer: Differentiable Multi-Scale Multi-Modal Tokenizer for Radiology Report Generation',
  ],
  [
    '2507.13347',
    'π^3: Scalable Permutation-Equivariant Visual Geometry Learning',
    'π³: Scalable Permutation-Equivariant Visual Geometry Learning',
  ],
  [
    '2507.15846',
    'GUI-G^2: Gaussian Reward Modeling for GUI Grounding',
    'GUI-G²: Gaussian Reward Modeling for GUI Grounding',
  ],
  ['2507.16331', 'Re:Form -- Reducing Human Priors', 'Re:Form – Reducing Human Priors'],
  [
    '2507.16116',
    'PUSA V1.0: Surpassing Wan-I2V with $500 Training Cost by Vectorized Timestep Adaptation',
    'PUSA V1.0: Surpassing Wan-I2V with $500 Training Cost by Vectorized Timestep Adaptation',
  ],
  ['2508.12880', 'S^2-Guidance: Stochastic Self Guidance', 'S²-Guidance: Stochastic Self Guidance'],
  [
    '2508.14811',
    "Tinker: Diffusion's Gift to 3D--Multi-View Consistent Editing",
    "Tinker: Diffusion's Gift to 3D–Multi-View Consistent Editing",
  ],
  [
    '2508.15881',
    'Efficient Disaggregated Prefill \\& Decode Inference',
    'Efficient Disaggregated Prefill & Decode Inference',
  ],
  ['2509.06786', 'R^textbf{2AI}: Towards Resistant and Resilient AI', 'R²ᴬᴵ: Towards Resistant and Resilient AI'],
  [
    '2601.03986',
    'Benchmark^2: Systematic Evaluation of LLM Benchmarks',
    'Benchmark²: Systematic Evaluation of LLM Benchmarks',
  ],
  ['2601.04767', 'AT^2PO: Agentic Turn-based Policy Optimization', 'AT²PO: Agentic Turn-based Policy Optimization'],
  [
    '2601.12910',
    'Quality Assurance for Scientific Paper--Code Alignment',
    'Quality Assurance for Scientific Paper–Code Alignment',
  ],
  [
    '2601.21525',
    'LMK > CLS: Landmark Pooling for Dense Embeddings',
    'LMK > CLS: Landmark Pooling for Dense Embeddings',
  ],
  [
    '2602.12876',
    'BrowseComp-V^3: A Visual, Vertical, and Verifiable Benchmark',
    'BrowseComp-V³: A Visual, Vertical, and Verifiable Benchmark',
  ],
  [
    '2602.14178',
    'An Unified Binary Tokenizer with Codebook Size 2^{128}',
    'An Unified Binary Tokenizer with Codebook Size 2¹²⁸',
  ],
  [
    '2603.07980',
    '\\$OneMillion-Bench: How Far are Language Agents from Human Experts?',
    '$OneMillion-Bench: How Far are Language Agents from Human Experts?',
  ],
  [
    '2603.10848',
    'V_{0.5}: Generalist Value Model as a Prior for Sparse RL Rollouts',
    'V_0.5: Generalist Value Model as a Prior for Sparse RL Rollouts',
  ],
  [
    '2604.14683',
    'DR^{3}-Eval: Towards Realistic and Reproducible Deep Research Evaluation',
    'DR³-Eval: Towards Realistic and Reproducible Deep Research Evaluation',
  ],
  ['2604.17388', 'A Minimal Denoising Network\\ for Time Series', 'A Minimal Denoising Network for Time Series'],
  ['2504.17821', 'VideoVista-CulturalLingo: 360^circ Horizons', 'VideoVista-CulturalLingo: 360° Horizons'],
  [
    '2504.07128',
    "DeepSeek-R1 Thoughtology: Let's <think> about LLM Reasoning",
    "DeepSeek-R1 Thoughtology: Let's <think> about LLM Reasoning",
  ],
  [
    '2509.08358',
    "<think> So let's replace this phrase with insult... </think> Lessons\n  learned",
    "<think> So let's replace this phrase with insult... </think> Lessons learned",
  ],
]

/** Fragments of abstracts and summaries, unchanged. */
const fragments: [id: string, given: string, readable: string][] = [
  ['2503.24388', 'exhibits more than 17times sample efficiency', 'exhibits more than 17× sample efficiency'],
  ['2504.05304', '10 sampling steps on ImageNet 256times256.', '10 sampling steps on ImageNet 256×256.'],
  ['2602.02092', 'a 64times64times4 compression', 'a 64×64×4 compression'],
  ['2602.21196', 'Llama3-8B on a single 8timesH100 node', 'Llama3-8B on a single 8×H100 node'],
  ['2601.09668', 'surpasses models 10times-20times larger', 'surpasses models 10×-20× larger'],
  ['2603.29002', 'is 1.04sim2.2times faster', 'is 1.04∼2.2× faster'],
  ['2305.09515', 'it can be 100timessim600times faster', 'it can be 100×∼600× faster'],
  ['2508.10395', 'we achieve up to sim 7.7times memory savings', 'we achieve up to ∼7.7× memory savings'],
  ['2508.07901', 'just sim1\\% additional parameters', 'just ∼1% additional parameters'],
  [
    '2509.14008',
    'yielding sim2times higher throughput, "nano" (leq2B)',
    'yielding ∼2× higher throughput, "nano" (≤2B)',
  ],
  ['2508.20085', 'mitigate the sim2real gap', 'mitigate the sim2real gap'],
  ['2604.10718', 'accuracy increases from approx5% to approx80%', 'accuracy increases from ≈5% to ≈80%'],
  ['2602.04789', '(\\eg, 1.2{sim}1.3times end-to-end speedup)', '(e.g., 1.2∼1.3× end-to-end speedup)'],
  ['2602.04789', '19.7\\,FPS on an RTX~5090 GPU', '19.7 FPS on an RTX 5090 GPU'],
  ['2603.06351', 'across 4{times} and 16{times} compression', 'across 4× and 16× compression'],
  ['2603.07865', 'a cache of only {sim}1K entries', 'a cache of only ∼1K entries'],
  ['2509.07295', 'on GenEval (0.73rightarrow0.90) and DPGBench', 'on GenEval (0.73→0.90) and DPGBench'],
  ['2504.05262', 'performance collapses to leq7.5\\% under', 'performance collapses to ≤7.5% under'],
  ['2604.06159', 'q_i propto p_i^{,old} exp(u_i)', 'qᵢ ∝ p_i^(,old) exp(uᵢ)'],
  [
    '2603.21618',
    'a framework for 360^{circ} dynamic object reconstruction',
    'a framework for 360° dynamic object reconstruction',
  ],
  ['2507.21809', '1) 360{\\deg} immersive experiences', '1) 360° immersive experiences'],
  ['2507.16534', 'Guided by the "AI-45^circ Law,"', 'Guided by the "AI-45° Law,"'],
  [
    '2506.19852',
    'more efficient than standard O(n^2) dense attention',
    'more efficient than standard O(n²) dense attention',
  ],
  ['2603.03756', 'complexity (O(N^k)) inherent', 'complexity (O(Nᵏ)) inherent'],
  ['2603.22276', '7.1 x 10^-4 mean per-step loss', '7.1 x 10⁻⁴ mean per-step loss'],
  ['2602.00130', '(p < 10^(-10)) after', '(p < 10^(-10)) after'],
  ['2603.05581', 'transferability (R^2>=0.78)', 'transferability (R²>=0.78)'],
  ['2602.11598', '(10.7 km^2). ABot-N0', '(10.7 km²). ABot-N0'],
  ['2604.06132', 'Pass@k, and Pass^k across three trials', 'Pass@k, and Passᵏ across three trials'],
  ['2509.22824', 'ground-truth judgment c^*. Building', 'ground-truth judgment c*. Building'],
  ['2603.07561', 'guidance scale λ^star to dynamically', 'guidance scale λ* to dynamically'],
  ['2604.18580', 'memory tails O(ell^{-β}) for', 'memory tails O(ℓ⁻ᵝ) for'],
  ['2509.24335', '(constant ell_2 norm)', '(constant ℓ₂ norm)'],
  ['2507.15493', 'baseline method, pi_0, on', 'baseline method, π₀, on'],
  ['2509.18420', 'tau^2-Bench (arXiv:2506.07982)', 'τ²-Bench (arXiv:2506.07982)'],
  ['2604.17078', '(θ_0) or the task vectors (τ_t)', '(θ₀) or the task vectors (τₜ)'],
  ['2602.12628', 'OpenVLA and π_{0.5}, and', 'OpenVLA and π_0.5, and'],
  ['2509.01363', 'v_{reason} = theta_{GRPO} - theta_{SFT}', 'v_reason = θ_GRPO - θ_SFT'],
  ['2602.10560', 'signals r^{update} and r^{exit} within', 'signals r^(update) and r^(exit) within'],
  ['2601.19949', 'clarity index (C_{50}) computed', 'clarity index (C₅₀) computed'],
  ['2603.02398', 'ternary (Z_T = {-1,0,1}) -- and', 'ternary (Z_T = {-1,0,1}) – and'],
  ['2603.22276', 'through O(d_out r + r^2) intermediates', 'through O(d_out r + r²) intermediates'],
  ['2604.01007', 'executes {sim}50 experiments', 'executes ∼50 experiments'],
  ['2507.00316', 'mu^2LLM, a textbf{mu}ltiscale textbf{mu}ltimodal', 'μ²LLM, a multiscale multimodal'],
  ['2507.00316', 'The novel {mu}^2Tokenizer, as', 'The novel μ²Tokenizer, as'],
  ['2507.00316', 'model, $\\mu^2$LLM, enhances', 'model, μ²LLM, enhances'],
  ['2604.14683', 'DR$^{3}$-Eval is a benchmark', 'DR³-Eval is a benchmark'],
  ['2507.20152', '(MultiWOZ 2.4 and {\\tau}-Bench)', '(MultiWOZ 2.4 and τ-Bench)'],
  ['2509.20317', 'with 2.3\\times greater token efficiency', 'with 2.3× greater token efficiency'],
  ['2509.21117', 'contradictions (A=B=C\\neq A)', 'contradictions (A=B=C≠ A)'],
  ['2507.06223', 'E\\textsuperscript{2}R-FLOPs', 'E²R-FLOPs'],
  ['2507.23779', 'scores of \\textbf{43.2} on', 'scores of 43.2 on'],
  ['2602.12628', 'an \\textit{RL}-based sim-real \\textit{Co}-training', 'an RL-based sim-real Co-training'],
  ['2603.02083', '\\textit{boldsymbolπ-StepNFT} (Step-wise', 'π-StepNFT (Step-wise'],
  ['2305.16380', 'this \\emph{scan and snap} dynamics', 'this scan and snap dynamics'],
  [
    '2504.05741',
    '\\color{ddtD}ecoupled \\color{ddtD}iffusion \\color{ddtT}ransformer~(\\color{ddtDDT})',
    'Decoupled Diffusion Transformer (DDT)',
  ],
  ['2602.02472', '{S}ignal {P}reservation {A}nd symmet{R}y brea{K}ing', 'Signal Preservation And symmetRy breaKing'],
  [
    '2509.22611',
    'between {entropy collapse} and {entropy explosion}',
    'between entropy collapse and entropy explosion',
  ],
  ['2509.22824', 'label c in {True, False} of', 'label c in {True, False} of'],
  ['2604.04202', 'totaling 1{,}879 evaluation rounds', 'totaling 1,879 evaluation rounds'],
  ['2603.25823', 'ViGoR Vision-G}nerative Reasoning', 'ViGoR Vision-G}nerative Reasoning'],
  ['2604.17982', '(Phase-wise \\textbf{Self-Reward Decoding) for', '(Phase-wise \\textbf{Self-Reward Decoding) for'],
  ['2504.04974', 'training set of 90$ synthetic data', 'training set of 90$ synthetic data'],
  ['2504.15431', 'GPU hours (\\$148K) for', 'GPU hours ($148K) for'],
  ['2507.16116', 'cost (\\500 vs. \\geq 100,000)', 'cost ($500 vs. ≥ 100,000)'],
  ['2603.16184', 'a training cost of \\81 on', 'a training cost of $81 on'],
  ['2509.09674', 'RoboTwin 1.0\\&2.0 with', 'RoboTwin 1.0&2.0 with'],
  ['2504.07128', 'vis-\\`a-vis cognitive phenomena', 'vis-à-vis cognitive phenomena'],
  ['2508.01226', "a Spherical B\\'ezier method", 'a Spherical Bézier method'],
  ['seed', 'the log-Schr\\"odinger potentials', 'the log-Schrödinger potentials'],
  ['2503.18817', 'na\\"ive', 'naïve'],
  ['2509.24908', "Spain's ``Bolet\\'{\\i}n Oficial del Estado'' (BOE)", "Spain's “Boletín Oficial del Estado” (BOE)"],
  ['2509.24908', '41.6\\% vs.\\ 33.5\\%', '41.6% vs. 33.5%'],
  ['2507.12841', "raises GPT-4o\\'s content scores by 45\\%", "raises GPT-4o's content scores by 45%"],
  ['2504.20998', 'a ``soft-positive" image', 'a “soft-positive” image'],
  ['2509.03646', "``aha moments\", ``length-scaling'' and", '“aha moments”, “length-scaling” and'],
  ['2604.13023', "a rigorous `needle-in-a-haystack' evaluation", 'a rigorous ‘needle-in-a-haystack’ evaluation'],
  ['2601.18418', 'on `SWE-Bench Verified`. We', 'on `SWE-Bench Verified`. We'],
  ['2601.11037', "admit ``I DON'T KNOW'' (IDK)", "admit “I DON'T KNOW” (IDK)"],
  ['2601.15892', 'a wide range of \\~8B ARs', 'a wide range of ~8B ARs'],
  ['2509.21268', 'containing ~1.6M long CoT and ~15k RL', 'containing ~1.6M long CoT and ~15k RL'],
  ['2504.16427', 'only 60%~70% accuracy', 'only 60%~70% accuracy'],
  ['2601.09274', 'we propose A^3-Bench~ https://a3-bench.github.io', 'we propose A³-Bench https://a3-bench.github.io'],
  ['2601.22046', 'efficiency of \\modelname~make it', 'efficiency of modelname make it'],
  ['2508.02317', 'training. % We present \\veomni, a modular', 'training. We present veomni, a modular'],
  ['2507.07451', 'RLEP\\, -- \\,Reinforcement', 'RLEP – Reinforcement'],
  [
    '2506.23542',
    'at https://github.com/a/GIGA-ToF{https://github.com/a/GIGA-ToF}.',
    'at https://github.com/a/GIGA-ToF.',
  ],
  ['2507.15595', 'at https://github.com/Bekhouche/SegDT{GitHub}.', 'at GitHub (https://github.com/Bekhouche/SegDT).'],
  [
    '2305.14233',
    'released\\url{https://github.com/thunlp/UltraChat}.',
    'released https://github.com/thunlp/UltraChat.',
  ],
  ['2506.23121', 'at https://github.com/YU-deep/CRISP\\_SAM2.git.', 'at https://github.com/YU-deep/CRISP_SAM2.git.'],
  ['2509.04442', 'https://github.com/OscarXZQ/delta_activations', 'https://github.com/OscarXZQ/delta_activations'],
  [
    '2508.07050',
    'leaderboard\\footnote{https://brightbenchmark.github.io}.',
    'leaderboard (https://brightbenchmark.github.io).',
  ],
  [
    '2507.03745',
    'website: <a href="https://cumulo-autumn.github.io/x/">this</a>',
    'website: <a href="https://cumulo-autumn.github.io/x/">this</a>',
  ],
  ['seed', 'as UV^top for Uin R^{mtimes k}', 'as UVᵀ for Uin R^(m×k)'],
  ['seed', 'gradients {g(1),g(2),ldots,g(J)}, where', 'gradients {g(1),g(2),…,g(J)}, where'],
]

/** Other LaTeX that papers may contain; not from the data. */
const others: [given: string, readable: string][] = [
  [
    '$O(n\\log n)$ and $\\frac{1}{2}$, $\\frac{a+b}{c}$, $\\sqrt{x}$, $\\sqrt{x+1}$',
    'O(n log n) and 1/2, (a+b)/c, √x, √(x+1)',
  ],
  ['$\\epsilon$-greedy, $\\ell_2$, $k$-means, $x\\in\\mathbb{R}^n$, $\\hat x$', 'ε-greedy, ℓ₂, k-means, x∈ℝⁿ, x̂'],
  ['$2 \\times 3$, $2\\times 3$, $\\alpha \\to \\infty$, $\\leq 5\\%$', '2 × 3, 2×3, α → ∞, ≤ 5%'],
  ['costs $1,000 USD for X and $65 more, or $5 and US$ 30', 'costs $1,000 USD for X and $65 more, or $5 and US$ 30'],
  ['M\\o ller, Erd\\H{o}s, {\\L}ukasz, Nguy\\~ên, Ko\\c{c}', 'Møller, Erdős, Łukasz, Nguyễn, Koç'],
  ['\\href{https://a.example/x\\_y}{the code} {\\bf now}', 'the code (https://a.example/x_y) now'],
  ['with --verbose, <!-- so --> and C:\\Users', 'with --verbose, <!-- so --> and C:\\Users'],
  ['snake_case, file_name_2, __init__, ^_^, 2^0.5', 'snake_case, file_name_2, __init__, ^_^, 2^0.5'],
  ['a\u0000b\u202ec\u0007 \ud800', 'abc �'],
  ['$\\hat\\theta$, $\\tilde\\mathcal{O}(n)$, $\\mathbf\\alpha$, \\bar\\theta in text', 'θ̂, Õ(n), α, θ̄ in text'],
  ['$\\sqrt n$, $\\sqrt2$, $\\sqrt\\lambda$, $\\frac12$, $\\tfrac ab$', '√n, √2, √λ, 1/2, a/b'],
  ['$\\|x\\|_2$, $f\\colon X\\to Y$, $a\\not=b$, $a\\not\\in B$, $n\\asymp m$', '‖x‖₂, f:X→Y, a≠b, a∉B, n≍m'],
  [
    '$\\operatorname*{argmin}_x$, $\\binom{n}{k}$, $a \\bmod b$, $a\\equiv b\\pmod{p}$',
    'argminₓ, (n choose k), a mod b, a≡b (mod p)',
  ],
  [
    "Dvo\\v r\\'ak, {\\c C}elik, Ko\\c cak, the pattern \\b\\w and \\d \\d",
    'Dvořák, Çelik, Koçak, the pattern \\b\\w and \\d \\d',
  ],
  ['$\\frac\\pi2$, $\\frac1\\pi$, $\\frac\\pi\\alpha$, $\\frac{a} {b}$, $\\sqrt[n+1]{x}$', 'π/2, 1/π, π/α, a/b, ⁿ⁺¹√x'],
  ['\\textbf {Self} and $| \\frac{\\min\\mathcal{S}} {\\max \\mathcal{S}} |$', 'Self and | (min S)/(max S) |'],
  [
    '$2\\frac{1}{3}$, $\\frac{1}{2}x^2$, $\\frac\\pi2r$, $(\\frac12)$, $({\\log})$',
    '2 1/3, 1/2 x², π/2 r, (1/2), (log)',
  ],
  [
    '$\\lambda_{\\max}(A)$, $O(\\log^2 n)$, $\\log_2 n$, $\\sin^2\\theta$, $\\max_x f$',
    'λₘₐₓ(A), O(log² n), log₂ n, sin²θ, maxₓ f',
  ],
  ['$x^\\alpha y$, $x^{\\alpha}y$, $x_\\theta(a)$, $n^\\epsilon$s, $\\log$s', 'x^α y, x^α y, x_θ(a), n^εs, logs'],
  ['\\(x_i\\) and \\[ x^2 + \\frac12 \\], f(x\\), \\(lost_i', 'xᵢ and x² + 1/2, f(x, lost_i'],
  [
    '\\( n = 10 \\), \\[ f(x) \\]; \\begin{equation} a = 1 \\end{equation}, \\(1 \\le 2\\) 3',
    'n = 10, f(x); a = 1, 1 ≤ 2 3',
  ],
  ['so \\begin{align*} x_i &= \\frac12 \\\\ y &< \\pi_0 \\end{align*} for snake_i', 'so xᵢ = 1/2 y < π₀ for snake_i'],
  ['$f(x) = 1 \\text{ if $x_i>0$ and } 0$ else', 'f(x) = 1 if xᵢ>0 and 0 else'],
  [
    '\\texorpdfstring{$\\alpha$}{alpha}-RuCl$_3$, \\ce{H2SO4}, \\ce{Ca^{2+}}, $\\ce{2H2 + O2 -> 2H2O}$',
    'α-RuCl₃, H₂SO₄, Ca²⁺, 2H₂ + O₂ → 2H₂O',
  ],
  ['$\\stackrel{d}{=}$, $X_n \\xrightarrow{d} X$, $\\underset{x}{\\min} f$', '=ᵈ, Xₙ →ᵈ X, minₓ f'],
  ['\\textcolor[HTML]{FF0000}{Red}, {\\color[rgb]{1,0,0}X}', 'Red, X'],
  [
    '$\\sqrt{s_{_{NN}}}$, $\\norm{x}_2$, $\\abs{x-y}$, $\\mathds{R}^n$, $\\Bbb R$, $\\frak g$, $\\bold x$',
    '√(s_NN), ‖x‖₂, |x-y|, ℝⁿ, ℝ, g, x',
  ],
  [
    '$A \\rightleftharpoons B$, $\\varkappa$, $N\\trianglelefteq G$, $\\lbrace 1,\\dotsc,n\\rbrace$',
    'A ⇌ B, ϰ, N⊴G, {1,…,n}',
  ],
  ['Nguy\\~{\\^e}n, Nguy\\^{e}n, \\textquotedblleft so\\textquotedblright, \\lq so\\rq', 'Nguyễn, Nguyên, “so”, ‘so’'],
  ['a mass of $10 GeV$ and $0.3~pb$ in', 'a mass of 10 GeV and 0.3 pb in'],
  ['$\\unclosed{ and \\frac{1}', '$\\unclosed{ and \\frac{1}'],
]

describe('readable', () => {
  test.each(titles)('title of %s', (_, given, expected) => expect(readable(given)).toBe(expected))
  test.each(fragments)('words of %s: %s', (_, given, expected) => expect(readable(given)).toBe(expected))
  test.each(others)('%s', (given, expected) => expect(readable(given)).toBe(expected))

  test('does not change its own output', () => {
    for (const [, given] of [...titles, ...fragments]) expect(readable(readable(given))).toBe(readable(given))
  })

  const pieces = fc.constantFrom(
    ..."\\ { } $ ^ _ ~ - ` ' \" % a Z 7 times sim \\frac \\hat \\sqrt \\frac\\pi \\( \\) & \\not \\textbf \\alpha \\left \\' http:// ( [ π 😀".split(
      ' ',
    ),
    ' ',
  )

  test('never throws, grows little, and leaves no control characters in any text', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(pieces, { maxLength: 80 }).map((all) => all.join('')),
    )
    fc.assert(
      fc.property(anything, (text) => {
        const made = readable(text)
        expect(made.length).toBeLessThanOrEqual(text.length * 3 + 10)
        expect(made).not.toMatch(/\p{Cc}|^\s|\s$|\s\s/u)
        expect(made.isWellFormed()).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  /** LaTeX without its backslashes, and texts that the search for marks may miss. */
  const remnants = fc.constantFrom(
    ...`times timessim timessim3 sim sim3 sim 4% ∼ leq geq neq leqslant infty cdot cdots ldots rightarrow Leftarrow propto approx approx5
    boldsymbol boldsymbolα textbf frac circ log alpha Times https://a.b www.a.b github.com/a/b HTTPS://A.B é ² ⁴ 5 8 . ! ? % %  A b ' " '' } -
    ( -- a--b ²times 5times ⁴times²`.split(/\s+/),
    '. % A',
    '? % The',
    ' ',
    ' ',
    '\n',
    '\t ',
    '\u00a0',
  )

  test('gives the same result with and without the search for marks', () => {
    const long = (text: string) => latexToText(text.replace(/\s+/g, ' ')).replace(/\s+/g, ' ').trim()
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 6, arbitrary: remnants }, pieces), { maxLength: 14 }), (all) => {
        expect(readable(all.join(''))).toBe(long(all.join('')))
      }),
      { numRuns: 5000 },
    )
  })

  test('leaves words without marks unchanged', () => {
    const word = fc
      .stringMatching(/^[A-Za-z0-9.,:;()]{1,12}$/)
      .filter((word) => !/times|sim|leq|geq|neq|approx|infty|dot|arrow|propto/.test(word))
    fc.assert(
      fc.property(fc.array(word), (all) => {
        expect(readable(all.join(' '))).toBe(all.join(' '))
      }),
    )
  })

  test.each([
    '{',
    '}',
    '$',
    '\\',
    '``',
    '`',
    '^{',
    '$a',
    '{a',
    '\\frac{',
    '\\textbf{',
    'a_',
    '--',
    '\\(',
    '{$',
    "''",
    'https://a{',
    '\\sqrt[',
    '\\bar',
    'x^',
    '{\\(}\\)',
    '{$}$',
    '\\(\\frac',
    '$\\frac {',
    '\\begin{align}',
  ])('takes linear time: %s', (piece) => {
    const timed = (length: number): number => {
      const text = piece.repeat(length / piece.length)
      const start = cpuMs()
      readable(text)
      return cpuMs() - start
    }
    timed(50_000)
    // 8 times the text: a quadratic parser would take 64 times as long. The faster of two runs, because one may collect garbage.
    const small = Math.max(Math.min(timed(50_000), timed(50_000)), 4)
    expect(Math.min(timed(400_000), timed(400_000))).toBeLessThan(small * 32)
  })

  test('accepts balanced nesting of any depth', () => {
    expect(readable(`${'{'.repeat(20)}deep${'}'.repeat(20)}`)).toBe('deep')
    expect(readable(`${'{'.repeat(50_000)}deep${'}'.repeat(50_000)}`)).toContain('deep')
  })
})

describe('sentences', () => {
  const text =
    'We train a model (e.g. a large one). It is good, cf. Fig. 3. It beats others by 3.5 points, et al. Third sentence here.'

  test('keeps whole sentences, and does not end one at an abbreviation', () => {
    expect(sentences(text, 500)).toBe(text)
    expect(sentences(text, 60)).toBe('We train a model (e.g. a large one). It is good, cf. Fig. 3.')
    expect(sentences(text, 59)).toBe('We train a model (e.g. a large one).')
  })

  test('cuts a long sentence between words', () => {
    expect(sentences('A very long sentence, which goes on and on', 25)).toBe('A very long sentence…')
    expect(sentences('Short. Then a sentence that goes on for very much longer', 40)).toBe(
      'Short. Then a sentence that goes on for…',
    )
  })

  test('never exceeds the limit or splits a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.integer({ min: 5, max: 100 }), (given, most) => {
        const cut = sentences(given, most)
        expect(cut.length).toBeLessThanOrEqual(Math.max(most, 1))
        expect(cut.isWellFormed()).toBe(true)
      }),
    )
  })
})

test('names up to four authors, or three and a count', () => {
  expect(authorLine([])).toBe('')
  expect(authorLine(['Ada'])).toBe('Ada')
  expect(authorLine(['Ada', 'Bo'])).toBe('Ada and Bo')
  expect(authorLine(['Ada', 'Bo', 'Cy', 'Di'])).toBe('Ada, Bo, Cy and Di')
  expect(authorLine(['Ada', 'Bo', 'Cy', 'Di', 'Ed'])).toBe('Ada, Bo, Cy and 2 others')
  expect(authorLine(Array.from({ length: 3303 }, (_, i) => `A${i}`))).toBe('A0, A1, A2 and 3,300 others')
  expect(authorLine(["B\\'ezier", 'Bo'])).toBe('Bézier and Bo')
  // Isolated, or a number of votes after the name would be shown before it.
  expect(authorLine(['Ada', 'محمد علي', 'Bo', 'נעה'])).toBe('Ada, \u2068محمد علي\u2069, Bo and \u2068נעה\u2069')
})

/** Titles, names and sentences from real lists and arXiv's files, each with the expected text, checked by hand. */
const pieces = readFileSync(new URL('readable-pieces.tsv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)

test.each(pieces.map((line) => line.split('\t')))('of %s: %s', (_, given, expected) => {
  expect(readable(given!.replaceAll('⏎', '\n'))).toBe(expected)
})
