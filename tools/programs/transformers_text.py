"""Hugging Face transformers: small language models from configurations, three steps of AdamW each, then what they write."""
from __future__ import annotations

import sys

import torch
import transformers as hf

WORDS = 65
SMALL = {"vocab_size": WORDS, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
MODELS = {
    "gpt2": lambda: hf.GPT2LMHeadModel(hf.GPT2Config(vocab_size=WORDS, n_positions=32, n_embd=32, n_layer=2, n_head=4, bos_token_id=0,
                                                     eos_token_id=1)),
    "llama": lambda: hf.LlamaForCausalLM(hf.LlamaConfig(**SMALL, num_key_value_heads=2, max_position_embeddings=64, pad_token_id=0)),
    "mistral": lambda: hf.MistralForCausalLM(hf.MistralConfig(**SMALL, num_key_value_heads=2, sliding_window=8, pad_token_id=0)),
    "qwen2": lambda: hf.Qwen2ForCausalLM(hf.Qwen2Config(**SMALL, num_key_value_heads=2, pad_token_id=0, bos_token_id=0, eos_token_id=1)),
    "gpt_neox": lambda: hf.GPTNeoXForCausalLM(hf.GPTNeoXConfig(**SMALL, max_position_embeddings=64)),
    "bert": lambda: hf.BertForMaskedLM(hf.BertConfig(**SMALL, max_position_embeddings=64)),
    "roberta": lambda: hf.RobertaForMaskedLM(hf.RobertaConfig(**SMALL, max_position_embeddings=64)),
    "distilbert": lambda: hf.DistilBertForMaskedLM(hf.DistilBertConfig(vocab_size=WORDS, dim=32, n_layers=2, n_heads=4, hidden_dim=64)),
    "electra": lambda: hf.ElectraForMaskedLM(hf.ElectraConfig(**SMALL, embedding_size=16)),
    "albert": lambda: hf.AlbertForMaskedLM(hf.AlbertConfig(**SMALL, embedding_size=16)),
    "t5": lambda: hf.T5ForConditionalGeneration(hf.T5Config(vocab_size=WORDS, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4,
                                                            decoder_start_token_id=0)),
    "bart": lambda: hf.BartForConditionalGeneration(hf.BartConfig(
        vocab_size=WORDS, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
        encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=64)),
}

for name in sys.argv[1:] or MODELS:
    torch.manual_seed(0)
    model = MODELS[name]().train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    words = torch.randint(3, WORDS, (4, 16))
    mask = torch.ones_like(words)
    mask[0, 12:] = 0
    losses = []
    for _ in range(3):
        loss = model(input_ids=words, attention_mask=mask, labels=words).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    print(name, *(f"{loss:.6f}" for loss in losses))
    model.eval()
    if model.can_generate():
        print(name, "writes", *model.generate(words[:1, :4], max_new_tokens=8, do_sample=False)[0].tolist())
        print(name, "beams", *model.generate(words[:2, :4], max_new_tokens=6, num_beams=3)[0].tolist())
        torch.manual_seed(1)
        print(name, "samples", *model.generate(words[:1, :4], max_new_tokens=6, do_sample=True, top_k=20, top_p=0.9)[0].tolist())
