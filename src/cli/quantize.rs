//! `spinntui quantize`: what 8-bit weights would lose and save.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use thiserror::Error;

use crate::file;
use crate::model::{LanguageModel, ModelError};
use crate::net::csr;
use crate::net::quantise::QuantisedEgru;
use crate::output::{Output, OutputError};
use crate::report::table::{Table, field, grouped};
use crate::scene::find;
use crate::task::lm::{Corpus, CorpusError, LanguageTask, Readout, TEXT_LIMIT};

/// `spinntui quantize`.
#[derive(Debug, Args)]
pub struct QuantizeArgs {
    /// Model: a folder, or a .safetensors file with vocab.txt beside it
    model: PathBuf,
    /// Also score this text, with f32 and with 8-bit weights
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// Time steps of the text to score
    #[arg(long, default_value_t = 700, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
}

/// Error that stops `quantize`.
#[derive(Debug, Error)]
pub enum QuantizeError {
    /// The model cannot be read.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model is a transformer.
    #[error("{model}: a transformer's weights are 8-bit already; quantize is for EGRU and GRU models")]
    Transformer {
        /// Model as named.
        model: PathBuf,
    },
    /// The text cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// File of the text.
        path: PathBuf,
        /// Cause, as the operating system reports it.
        error: std::io::Error,
    },
    /// The text is of no use.
    #[error("{path}: {error}")]
    Text {
        /// File of the text.
        path: PathBuf,
        /// Defect of the text.
        error: CorpusError,
    },
    /// The answer cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// Shows the loss and the saving of quantising a model's matrices to 8 bits; with a text,
/// in perplexity too.
pub fn quantize(args: &QuantizeArgs, output: &mut Output) -> Result<(), QuantizeError> {
    let model = Arc::new(LanguageModel::load(&find::meant(&args.model))?);
    if model.transformer.is_some() {
        return Err(QuantizeError::Transformer { model: args.model.clone() });
    }
    let quantised = QuantisedEgru::new(&model.network);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: 8-bit weights with one scale a row, as the kernel Int8Csr has them\n",
        model.card.name
    );
    matrices(&model, &quantised, &mut out);
    let _ = writeln!(out, "error: of w - s q; SQNR: signal to noise; zeroed: weights that became 0\n");
    if let Some(path) = &args.text {
        let (plain, small) = perplexities(&model, &quantised, path, args.steps)?;
        let change = 100.0 * (small / plain - 1.0);
        let text = format!("{plain:.4} with f32, {small:.4} with 8-bit weights: {change:+.2} %");
        field(&mut out, 13, "perplexity", &text);
        field(&mut out, 13, "", &format!("over at most {} time steps of {}", args.steps, path.display()));
        field(
            &mut out,
            13,
            "",
            "by the reference networks, which a chip with these kernels follows bit for bit",
        );
    } else {
        field(&mut out, 13, "perplexity", "not measured: name a text with `--text FILE`");
    }
    output.text(&out)?;
    Ok(())
}

fn matrices(model: &LanguageModel, quantised: &QuantisedEgru<'_>, out: &mut String) {
    let mut table = Table::new(&[
        "matrix",
        "non-zeros",
        "max error",
        "rms error",
        "SQNR, dB",
        "zeroed",
        "f32 bytes",
        "8-bit",
    ]);
    for ((layer, small), errors) in
        model.network.layers.iter().zip(quantised.matrices()).zip(&quantised.errors)
    {
        let parts = [("W", &layer.input_weights), ("R", &layer.recurrent)];
        for (((part, matrix), small), error) in parts.into_iter().zip(small).zip(errors) {
            table.row(vec![
                format!("{} {part}", layer.name),
                grouped(matrix.nnz() as u64),
                format!("{:.5}", error.max),
                format!("{:.5}", error.rms),
                format!("{:.1}", error.sqnr_db),
                grouped(error.zeroed as u64),
                grouped(csr::bytes(matrix) as u64),
                grouped(small.bytes() as u64),
            ]);
        }
    }
    table.write(out);
}

/// Returns the perplexity of a text with f32 and with 8-bit weights; NaN without predictions.
fn perplexities(
    model: &Arc<LanguageModel>,
    quantised: &QuantisedEgru<'_>,
    path: &Path,
    steps: u32,
) -> Result<(f64, f64), QuantizeError> {
    let bytes =
        file::read(path, TEXT_LIMIT).map_err(|error| QuantizeError::Read { path: path.to_owned(), error })?;
    let corpus = Corpus::new(bytes, &model.vocabulary)
        .map_err(|error| QuantizeError::Text { path: path.to_owned(), error })?;
    let (corpus, readout) = (Arc::new(corpus), Arc::new(Readout::new(model)));
    let score = |small: bool| {
        let (model_parts, corpus) = ((Arc::clone(model), Arc::clone(&readout)), Arc::clone(&corpus));
        let mut task = LanguageTask::score_text(model_parts.0, model_parts.1, corpus, model.card.sequence);
        let mut state = model.network.state();
        let mut x = vec![0.0; model.embedding.width()];
        for _ in 0..steps {
            let starts = task.starts_sequence();
            let Some(token) = task.next_token() else { break };
            if starts {
                state.start_sequence(model.card.carry);
            }
            model.embedding.row(token, &mut x);
            let y = if small {
                quantised.step(&mut state, &x)
            } else {
                model.network.step(&mut state, &x).to_vec()
            };
            task.observe(&y);
        }
        task.score().perplexity().unwrap_or(f64::NAN)
    };
    Ok((score(false), score(true)))
}
