"""`python -m secureml_operator` is `secureml`."""

from secureml_operator.cli import main

if __name__ == "__main__":
    main(prog_name="secureml")
