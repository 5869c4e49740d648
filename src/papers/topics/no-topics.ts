/**
 * Keywords that name no subject to follow: metrics, models and data sets by name, qualities, and parts of any method. As slugs without plural.
 * Search still finds them.
 */
const WORDS = new Set(
  `
ablation-study accuracy action-generation adaptability agent-performance agent-trajectory ai-model amc android-world androidworld
answer-accuracy appearance appearance-consistency arena-hard attack-success-rate attention attention-computation attention-head
attention-layer attention-map attention-mechanism attention-score attention-weight audio automated-pipeline autoregressive-decoding
baseline batch-size benchmark-performance bias bidirectional-attention bleu blending bounding-box browsecomp browsecomp-zh budget
camera-parameter camera-pose camera-trajectory captioning caption causal-attention challenge classification clip clip-score clustering
closed-source-model code cognition coherence communication complexity comprehensiveness computational-cost computational-overhead
computational-resource consistency context contextual-reasoning control controllability controlnet convergence coordination cost
cross-attention cross-attention-layer data data-contamination data-diversity data-efficiency data-engine data-quality data-scarcity dapo
decoder decoding deepresearch-bench deep-learning deployment design detection dino dinov2 dinov3 discrete-token distribution-shift diversity
dora downstream-performance downstream-task dpg-bench dynamic-environment edit efficacy embedding encoder end-to-end-speedup
end-to-end-training entropy entropy-regularization environment environmental-interaction error-accumulation error-propagation
evaluation-protocol exact-match exact-match-score execution experience experimental-result expert-annotation exploitation exploration
exploration-exploitation-trade-off exploration-exploitation-balance extensive-experiment external-knowledge extrinsic-evaluation f1 f1-score
failure-mode false-positive-rate feature feature-extraction feed-forward-model feedback fid fidelity fine-grained-perception fine-tuned-model flop
flops framework full-attention function-evaluation future-prediction gaia gaia-benchmark general-capability generalizability generalization
generation generation-quality geneval genai-bench gedit gedit-bench geometric-prior gfid gini global-attention gpqa gpqa-diamond gradient
gradient-update gradient-variance grounding gsm8k hidden-state high-fidelity high-resolution hpsv2 human-annotation human-evaluation human-expert
humaneval hypersphere image image-quality imagenet imgedit imgedit-bench implementation in-distribution inductive-bias inference inference-time
information innovation input inpainting integration interaction intermediate-representation internal-representation intrinsic-evaluation iou
iterative-refinement kl-divergence knowledge latency latent latent-representation latent-space latent-token latent-variable layer learning
learning-rate libero linear-probing livecodebench localization logit long-horizon-task long-term-consistency loss loss-function lpips
machine-learning majority-voting mask math-500 math500 mathvista mathverse mean-pooling memory memory-consumption memory-efficiency
memory-overhead memory-usage method metric minif2f miou mme mmbench mmlu mmlu-pro mmmu mmmu-pro modality modality-gap mode-collapse model
model-architecture model-capacity model-performance model-scaling model-size motion-quality multimodal-benchmark multimodal-input multi-stage-training
multi-task multi-turn-interaction narrative ndcg ndcg-10 nested-learning neural-network next-token-prediction noise objective-function
off-the-shelf on-policy on-policy-sampling open-ended-task open-source open-source-model optimization osworld osworld-g overfitting pairwise-comparison
parameter parameter-space pareto-front pareto-frontier pass-1 pass-at-1 pass-k pca perception performance performance-gap performance-improvement
perplexity photorealism physical-consistency physical-plausibility pickscore planner planning policy policy-entropy policy-model policy-update
precision privacy-preserving probability processbench prompt proprietary-model psnr quadratic-complexity quality query realism real-time
real-time-performance real-world-application real-world-scenario real-world-task recall reasoning-benchmark reasoning-depth reasoning-token
regularization reinforce relevance reliability rendering reproducibility research resolution response-length response-quality reward reward-design
reward-estimation reward-function reward-signal robust-generalization robustness rollout rope rouge sam sam2 sample-efficiency sampling sampling-step
scalability scalar-reward scaling scannet screenspot screenspot-pro screenspot-v2 search-r1 self-attention self-attention-layer self-forcing
semantic-alignment semantic-consistency semantic-drift semantic-feature semantic-representation semantic-similarity semantic-space
semantic-understanding sequence-generation sequence-length signal simulation softmax-attention solver sota sparse-reward spatial-consistency speed
speedup ssim stability state-of-the-art state-of-the-art-performance step structural-integrity style success-rate supervised-learning supervision
swe-bench swe-bench-verified system task task-completion task-decomposition task-planning task-success-rate teacher-model temporal-alignment
temporal-coherence temporal-consistency temporal-context temporal-dynamics terminal-bench text-embedding text-prompt text-image-alignment thinking-token time timestamp
token token-entropy token-level-entropy token-probability token-usage training-convergence training-dynamics training-free
training-free-framework training-instability training-objective training-paradigm training-pipeline training-process training-stability training-strategy
trajectory trajectory-generation transformer-layer transparency trust two-stage-training u-net understanding unet unified-framework user user-study v-bench variance-reduction vbench verification verifier
vgg video virtual-environment vision-encoder visual-encoder visual-evidence visual-feature visual-fidelity visual-information visual-input visual-observation
visual-perception visual-quality visual-realism visual-representation visual-token visual-understanding wall-clock-time webarena webshop
wer whisper wise word-error-rate workflow zero-shot zero-shot-performance zero-shot-generalization zero-shot-transfer zero-shot-learning
denoising denoising-step denoising-process denoising-trajectory diffusion-step diffusion-timestep noise-prediction policy-training agent-training
visual-concept video-clip training-set test-set pre-fill prefilling prefill experience-bank memory-bank classifier probe alfworld v-bench gradient-descent attention-pattern
multi-turn-scenario multiple-choice-question benchmark-evaluation gaussian structure interface response answer question cross-domain-generalization
cot-trace language-prior in-distribution-performance pseudo-label pseudo-labeling parametric-knowledge mean-squared-error exponential-moving-average kernelbench-level
alignment-drift activation-space adversarial-distillation hybrid-architecture multi-objective-optimization spatial-awareness spatial-geometry solution
`
    .split(/\s+/)
    .filter(Boolean),
)

/** Names of models, benchmarks and scores. */
const NAMES =
  /^(gpt|chatgpt|qwen|llama|gemini|gemma|claude|deepseek|mistral|mixtral|kimi|glm|grok|phi|internvl|internlm|hunyuan|flux|sora|veo|wan|llava|sdxl|dall-e|stable-diffusion|nano-banana|openai)(-?v?\d[\w-]*|-r1[\w-]*|-(o\d|oss|coder|math|vl|omni|pro|flash|dev|turbo|mini|sonnet|opus|next|image|edit)[\w-]*)?$|^o[134](-.*)?$|^(aime|amc|hmmt|math)-?(20)?\d{2,3}$|^(mmlu|mmmu|gpqa|swe-bench|livebench|livecodebench|bfcl|tau-?\d?-bench|osworld|webvoyager|screenspot|imagenet|coco|vbench|libero|geneval|simpler-?env|lvis|ade20k|kitti|nuscenes|scannet|shapenet)(-.*)?$|^pass-?(at-)?\w+$|-(accuracy|score|rate|fidelity)$|^(cross|multi|zero|few)-shot$/

/** Whether a slug names no subject: a metric, a model, a data set, a quality. */
export const isNoTopic = (slug: string): boolean => WORDS.has(slug) || NAMES.test(slug) || /^[\d-]+$/.test(slug)
